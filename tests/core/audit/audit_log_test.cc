// SPDX-License-Identifier: MIT
#include "core/audit/audit_log.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "core/loop/loop.h"
#include "tests/support/temp_directory.h"

namespace chirm {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::SizeIs;

class AuditLogTest : public ::testing::Test {
 protected:
  static std::string text_of(const std::string& path) {
    std::ostringstream text;
    text << std::ifstream(path).rdbuf();
    return text.str();
  }

  Loop loop_;
  testing::TempDirectory directory_;
  const std::string path_ = directory_.path() + "/audit.log";
  AuditLog log_{loop_, "n1"};
};

TEST_F(AuditLogTest, WritesALineForEachEvent) {
  ASSERT_TRUE(log_.open(path_));
  log_.add(
      {.event = "admin.ban", .user = "ada", .address = "192.0.2.1", .about = {{"whom", "eve"}}});
  log_.add({.event = "sign-in",
            .address = "192.0.2.2",
            .is_done = false,
            .why = "unauthorized",
            .about = {{"name", "b\"ob\n"}}});
  const std::string text = text_of(path_);
  EXPECT_THAT(text, HasSubstr(R"("node":"n1","event":"admin.ban","user":"ada",)"
                              R"("address":"192.0.2.1","whom":"eve","result":"done"})"));
  EXPECT_THAT(text, HasSubstr(R"("name":"b\"ob\n","result":"refused","why":"unauthorized"})"));
  EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 2);
  EXPECT_THAT(text, ::testing::ContainsRegex(
                        R"(^\{"time":"20[0-9]{2}-[0-9]{2}-[0-9]{2}T[0-9:]{8}\.[0-9]{3}Z")"));
  struct stat status {};
  ASSERT_EQ(stat(path_.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777U, 0600U);
}

TEST_F(AuditLogTest, GoesOnInAFileThatWasMovedAwayOnlyWhenItIsOpenedAgain) {
  ASSERT_TRUE(log_.open(path_));
  log_.add({.event = "one"});
  std::filesystem::rename(path_, path_ + ".1");
  log_.add({.event = "two"});
  ASSERT_TRUE(log_.open(path_));
  log_.add({.event = "three"});
  EXPECT_THAT(text_of(path_ + ".1"), HasSubstr("two"));
  EXPECT_THAT(text_of(path_), HasSubstr("three"));
  EXPECT_THAT(text_of(path_), Not(HasSubstr("two")));
}

TEST_F(AuditLogTest, SaysWhichFileCannotBeOpened) {
  const auto opened = log_.open("/nowhere/audit.log");
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().message, "audit log /nowhere/audit.log: No such file or directory");
}

TEST_F(AuditLogTest, CountsWhatCannotBeWritten) {
  ASSERT_TRUE(log_.open("/dev/full"));
  log_.add({.event = "one"});
  EXPECT_EQ(log_.counters().lost, 1U);
  EXPECT_THAT(log_.find({}, 10), SizeIs(1));  // it can still be asked for
}

TEST_F(AuditLogTest, FindsTheNewestFirstByEventPersonAndAddress) {
  log_.add({.event = "sign-in", .user = "ada", .address = "192.0.2.1"});
  log_.add(
      {.event = "admin.ban", .user = "ada", .address = "192.0.2.1", .about = {{"whom", "eve"}}});
  log_.add({.event = "sign-in", .user = "eve", .address = "192.0.2.2"});
  const auto events = [&](const AuditLog::Filter& filter) {
    std::vector<std::string> names;
    for (const std::string& line : log_.find(filter, 10)) {
      names.push_back(line.find("admin.ban") != line.npos ? "ban" : "in");
    }
    return names;
  };
  EXPECT_THAT(events({}), ElementsAre("in", "ban", "in"));
  EXPECT_THAT(events({.event = "admin."}), ElementsAre("ban"));
  EXPECT_THAT(events({.user = "eve"}), ElementsAre("in", "ban"));
  EXPECT_THAT(events({.address = "192.0.2.1"}), ElementsAre("ban", "in"));
  EXPECT_THAT(log_.find({}, 2), SizeIs(2));
}

TEST_F(AuditLogTest, KeepsTheLastThousand) {
  for (std::size_t i = 0; i < AuditLog::kKeptMax + 5; ++i) log_.add({.event = "sign-in"});
  EXPECT_THAT(log_.find({}, 10'000), SizeIs(AuditLog::kKeptMax));
}

TEST_F(AuditLogTest, SumsUpTheRefusalsOfAnAddress) {
  ASSERT_TRUE(log_.open(path_));
  loop_.skip_ms(60'000 - static_cast<std::uint64_t>(loop_.unix_ms() % 60'000));
  for (int i = 0; i < 100; ++i) {
    log_.add({.event = "sign-in", .address = "192.0.2.1", .is_done = false, .why = "unauthorized"});
  }
  log_.add({.event = "sign-in", .address = "192.0.2.2", .is_done = false, .why = "unauthorized"});
  log_.add({.event = "sign-in", .user = "ada", .address = "192.0.2.1"});
  EXPECT_EQ(log_.counters().summed_up, 80U);
  EXPECT_THAT(log_.find({}, 1000), SizeIs(22));
  loop_.skip_ms(60'000);
  log_.add({.event = "sign-out", .user = "ada"});
  EXPECT_THAT(
      text_of(path_),
      HasSubstr(R"("event":"refusals","address":"192.0.2.1","more":"80","result":"refused")"));
}

}  // namespace
}  // namespace chirm
