// SPDX-License-Identifier: MIT
#include "client/pending_commands.h"

#include <gmock/gmock.h>

#include <vector>

namespace chirm::client {
namespace {

using ::testing::ElementsAre;

class PendingCommandsTest : public ::testing::Test {
 protected:
  void add(std::uint32_t id, std::uint64_t deadline_ms) {
    commands_.add({id, deadline_ms, "a",
                   OnRpc([this, id](const auto& answer) { failed_.push_back(answer ? 0 : id); })});
  }

  PendingCommands commands_;
  std::vector<std::uint32_t> failed_;
};

TEST_F(PendingCommandsTest, FindsEachOnce) {
  add(1, 100);
  add(2, 100);
  add(4, 110);
  EXPECT_FALSE(commands_.take(3));
  ASSERT_TRUE(commands_.take(2));
  EXPECT_FALSE(commands_.take(2));
  EXPECT_EQ(commands_.deadline_ms(), 100);
  ASSERT_TRUE(commands_.take(1));
  EXPECT_EQ(commands_.deadline_ms(), 110);
  EXPECT_EQ(commands_.take_all().size(), 1);
  EXPECT_EQ(commands_.deadline_ms(), std::nullopt);
}

TEST_F(PendingCommandsTest, ExpireOldestFirst) {
  add(1, 100);
  add(2, 110);
  EXPECT_FALSE(commands_.take_expired(99));
  EXPECT_EQ(commands_.take_expired(110)->id, 1);
  EXPECT_EQ(commands_.take_expired(110)->id, 2);
  EXPECT_FALSE(commands_.take_expired(110));
}

TEST_F(PendingCommandsTest, TellWhoeverWaits) {
  add(1, 100);
  commands_.add({2, 100, "a", PendingCommand::Subscribe{}});
  for (PendingCommand& command : commands_.take_all()) command.fail({0, "gone", false});
  EXPECT_THAT(failed_, ElementsAre(1));
}

}  // namespace
}  // namespace chirm::client
