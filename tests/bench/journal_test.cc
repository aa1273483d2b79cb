// SPDX-License-Identifier: MIT
#include "bench/load/journal.h"

#include <gmock/gmock.h>

#include <fstream>
#include <sstream>

#include "tests/bench/fake_room.h"
#include "tests/support/temp_directory.h"

namespace chirm::load {
namespace {

using ::testing::HasSubstr;

std::string content(const std::string& path) {
  std::ostringstream text;
  text << std::ifstream(path).rdbuf();
  return text.str();
}

TEST(Journal, TellsWhenSomebodyWasAway) {
  const testing::TempDirectory directory;
  const std::string path = directory.path() + "/journal";
  Journal journal(path);
  journal.start(5);
  journal.outage(7, {.gone_us = 10, .back_us = 20, .caught_up_us = 30, .recovered = true});
  journal.flush();
  EXPECT_THAT(content(path), HasSubstr("{\"event\":\"start\",\"at_us\":5}\n"));
  EXPECT_THAT(content(path), HasSubstr("\"client\":7,\"gone_us\":10,\"back_us\":20,"
                                       "\"caught_up_us\":30,\"recovered\":true}\n"));
}

TEST(Journal, TellsEachViolationAndReset) {
  const testing::TempDirectory directory;
  const std::string path = directory.path() + "/journal";
  Journal journal(path);
  FakeRoom fake;
  fake.tally.journal = &journal;
  Follower follower = fake.join();
  (void)follower.take(fake.frames(1, 2) + fake.frames(1, 1), FakeRoom::kReceivedUs);
  follower.on_joined({.offset = 9, .epoch = "e2", .gone_us = 4});
  journal.flush();
  EXPECT_EQ(fake.tally.violations.duplicated, 1U);
  EXPECT_THAT(content(path), HasSubstr("\"kind\":\"duplicated\",\"count\":1,"
                                       "\"channel\":\"room:load-77-3\",\"epoch\":\"e1\","
                                       "\"offset\":1,\"due_us\":1000"));
  EXPECT_THAT(content(path), HasSubstr("\"event\":\"reset\""));
  EXPECT_THAT(content(path), HasSubstr("\"epoch\":\"e2\",\"offset\":9,\"gone_us\":4}"));
}

TEST(Journal, TakesTurnsWithOthersInOneFile) {
  const testing::TempDirectory directory;
  const std::string path = directory.path() + "/journal";
  Journal one(path);
  Journal other(path);
  one.start(1);
  one.flush();
  other.start(2);
  other.flush();
  EXPECT_EQ(content(path),
            "{\"event\":\"start\",\"at_us\":1}\n"
            "{\"event\":\"start\",\"at_us\":2}\n");
}

TEST(Journal, SaysWhenItCannotBeWritten) {
  EXPECT_FALSE(Journal("/nowhere/journal").is_open());
  EXPECT_FALSE(Journal("").is_open());
}

}  // namespace
}  // namespace chirm::load
