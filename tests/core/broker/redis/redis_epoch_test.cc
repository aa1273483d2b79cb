// SPDX-License-Identifier: MIT
// Redis lost data: no offset is given a second time within an epoch.

#include "tests/core/broker/redis/redis_fixture.h"

namespace chirm {
namespace {

using testing::BrokerNode;
using testing::Received;
using testing::RedisServer;

class RedisEpoch : public testing::RedisTest {
 protected:
  RedisEpoch() : node_(make_node(server_.unix_url())) {}

  Position publish(const std::string& body) {
    const auto position = node_->publish("room:a", body);
    EXPECT_TRUE(position && *position);
    return position && *position ? **position : Position{};
  }
  LogTop top() {
    const auto history = node_->history({"room:a", 0, 0, false});
    EXPECT_TRUE(history && *history);
    return history && *history ? (*history)->top : LogTop{};
  }
  // Redis as it was at a moment: what a replica that was behind, or an old file, brings back.
  void remember_state() {
    for (const char* key : {"m", "s"}) {
      state_.push_back(server_.command({"DUMP", key_prefix_ + key}));
    }
  }
  void restore_state() {
    server_.command({"RESTORE", key_prefix_ + "m", "0", state_[0], "REPLACE"});
    server_.command({"RESTORE", key_prefix_ + "s", "0", state_[1], "REPLACE"});
  }

  const std::string key_prefix_ = "chirm:{room:a}:";
  RedisServer server_;
  std::unique_ptr<BrokerNode> node_;
  std::vector<std::string> state_;
};

TEST_F(RedisEpoch, ChangesWhenAKnownChannelIsGone) {
  const Position before = publish("1");
  publish("2");
  node_->known = {2, before.epoch};
  server_.command({"FLUSHALL"});
  const Position after = publish("3");
  EXPECT_NE(after.epoch, before.epoch);
  EXPECT_EQ(after.offset, 1U);
  EXPECT_EQ(bodies(*node_, "room:a"), "3");
}

TEST_F(RedisEpoch, ChangesForReadersWhenAKnownChannelIsGone) {
  node_->known = publish("1");
  server_.command({"FLUSHALL"});
  const Position after = top();
  EXPECT_NE(after.epoch, node_->known.epoch);
  EXPECT_EQ(after.offset, 0U);
  EXPECT_EQ(publish("2").epoch, after.epoch);
}

TEST_F(RedisEpoch, ChangesOnPublishWhenTheNewestEntriesAreGone) {
  publish("1");
  const Position kept = publish("2");
  remember_state();
  node_->known = publish("lost");
  restore_state();
  const Position after = publish("3");
  EXPECT_NE(after.epoch, kept.epoch);
  EXPECT_EQ(after.offset, 3U);
  EXPECT_EQ(bodies(*node_, "room:a"), "1 2 3");  // nothing that is there is thrown away
  EXPECT_EQ(publish("4").epoch, after.epoch);
}

TEST_F(RedisEpoch, ChangesOnReadWhenTheNewestEntriesAreGone) {
  const Position kept = publish("1");
  remember_state();
  node_->known = publish("lost");
  restore_state();
  const Position after = top();
  EXPECT_NE(after.epoch, kept.epoch);
  EXPECT_EQ(after.offset, 1U);
  EXPECT_EQ(top().epoch, after.epoch);
  node_->known = {};
  EXPECT_EQ(publish("2").epoch, after.epoch);
}

TEST_F(RedisEpoch, StaysWhenNothingIsLost) {
  const Position first = publish("1");
  node_->known = {7, "another"};  // of a life that this store has never had: not its business
  EXPECT_EQ(publish("2").epoch, first.epoch);
  node_->known = {2, first.epoch};
  EXPECT_EQ(publish("3").epoch, first.epoch);
  node_->known = {1, first.epoch};
  EXPECT_EQ(publish("4").epoch, first.epoch);
  EXPECT_EQ(top().epoch, first.epoch);
  EXPECT_EQ(top().offset, 4U);
}

TEST_F(RedisEpoch, StartsOverWhenOnlyTheStreamIsLeft) {
  const Position before = publish("1");
  publish("2");
  server_.command({"DEL", key_prefix_ + "m"});
  const Position after = publish("3");
  EXPECT_NE(after.epoch, before.epoch);
  EXPECT_EQ(after.offset, 1U);
  EXPECT_EQ(bodies(*node_, "room:a"), "3");
  server_.command({"DEL", key_prefix_ + "m"});
  EXPECT_EQ(bodies(*node_, "room:a"), "");
}

TEST_F(RedisEpoch, StaysWhenOnlyTheStreamIsGone) {
  const Position before = publish("1");
  server_.command({"DEL", key_prefix_ + "s"});
  const Position after = publish("2");
  EXPECT_EQ(after.epoch, before.epoch);
  EXPECT_EQ(after.offset, 2U);
}

TEST_F(RedisEpoch, TakesOffsetsUpToTheLargestExactNumber) {
  const Position first = publish("1");
  server_.command({"HSET", key_prefix_ + "m", "o", "9007199254740990"});
  ASSERT_TRUE(node_->subscribe("room:a"));
  const Position last = publish("2");
  EXPECT_EQ(last.offset, 9007199254740991U);
  EXPECT_EQ(last.epoch, first.epoch);
  const auto history = node_->history({"room:a", 9007199254740990U, 10, false});
  ASSERT_TRUE(history && *history);
  ASSERT_EQ((*history)->publications.size(), 1U);
  EXPECT_EQ((*history)->publications[0].offset, 9007199254740991U);
  ASSERT_TRUE(node_->run_until([&] { return !node_->received.empty(); }));
  EXPECT_EQ(node_->received[0].offset, 9007199254740991U);
}

TEST_F(RedisEpoch, FailsForAKeyOfAnotherKind) {
  server_.command({"SET", key_prefix_ + "s", "a string"});
  const auto refused = node_->publish("room:a", "x");
  ASSERT_TRUE(refused.has_value());
  ASSERT_FALSE(refused->has_value());
  EXPECT_EQ(refused->error(), errors::kInternal);
  EXPECT_EQ(times_logged("WRONGTYPE"), 1U);
}

TEST_F(RedisEpoch, StaysWhenTheKeysOfAnEmptyChannelAreGone) {
  const auto follower = make_node(server_.unix_url());
  const auto position = follower->follow("room:a");
  ASSERT_TRUE(position && *position);
  server_.command({"DEL", key_prefix_ + "m"});
  const auto stored = follower->publish("room:a", "x");
  ASSERT_TRUE(stored && *stored);
  EXPECT_EQ((*stored)->epoch, (*position)->epoch);
  EXPECT_TRUE(follower->run_until([&] { return follower->received_in("room:a") == "1:x"; }));
  EXPECT_EQ(top().epoch, (*position)->epoch);
}

}  // namespace
}  // namespace chirm
