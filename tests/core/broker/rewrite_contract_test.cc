// SPDX-License-Identifier: MIT
// What broker.h promises of rewrites and signals, on every store, and on a Redis that fails.

#include <gmock/gmock.h>

#include "tests/core/broker/broker_contract.h"
#include "tests/core/broker/redis/redis_life_fixture.h"
#include "tests/support/relay.h"

namespace chirm {
namespace {

using testing::BrokerNode;
using ::testing::Contains;
using ::testing::ElementsAre;
using testing::kRoom;

class RewriteContract : public testing::BrokerContract {
 protected:
  std::string text(const HistoryRequest& request = {"room:a", 0, 100'000, false}) {
    const auto history = node_->history(request);
    EXPECT_TRUE(history && *history);
    std::string text;
    for (const Publication& one : (*history)->publications) {
      text += (text.empty() ? "" : " ") + std::to_string(one.offset) + ":" + one.body;
    }
    return text;
  }
  Rewritten rewrite(const RewriteRequest& request) {
    const auto result = node_->rewrite(request);
    EXPECT_TRUE(result && *result);
    return result && *result ? **result : Rewritten::kGone;
  }
};

TEST_P(RewriteContract, ReplacesABodyWhereItIsStored) {
  publish_many("room:a", 4);
  EXPECT_EQ(rewrite({"room:a", 2, "", "", "new"}), Rewritten::kDone);
  EXPECT_EQ(rewrite({"room:a", 4, "", "4", "newest"}), Rewritten::kDone);
  EXPECT_EQ(text(), "1:1 2:new 3:3 4:newest");
  EXPECT_EQ(text({"room:a", 0, 3, true}), "4:newest 3:3 2:new");
  EXPECT_EQ(text({"room:a", 1, 1, false}), "2:new");
  EXPECT_EQ(rewrite({"room:a", 2, "", "new", "newer"}), Rewritten::kDone);
  ASSERT_TRUE(node_->publish("room:a", "5"));
  EXPECT_EQ(text(), "1:1 2:newer 3:3 4:newest 5:5");
}

TEST_P(RewriteContract, RefusesWhatIsNotThereOrNotAsExpected) {
  publish_many("room:a", 2);
  const auto top = node_->publish("room:a", "3");
  EXPECT_EQ(rewrite({"room:a", 4, "", "", "new"}), Rewritten::kGone);
  EXPECT_EQ(rewrite({"room:a", 0, "", "", "new"}), Rewritten::kGone);
  EXPECT_EQ(rewrite({"room:b", 1, "", "", "new"}), Rewritten::kGone);
  EXPECT_EQ(rewrite({"room:a", 2, "other", "", "new"}), Rewritten::kGone);
  EXPECT_EQ(rewrite({"room:a", 2, (*top)->epoch, "other", "new"}), Rewritten::kChanged);
  EXPECT_EQ(text(), "1:1 2:2 3:3");
  EXPECT_EQ(rewrite({"room:a", 2, (*top)->epoch, "2", "new"}), Rewritten::kDone);
  EXPECT_EQ(rewrite({"room:a", 2, (*top)->epoch, "2", "again"}), Rewritten::kChanged);
  EXPECT_EQ(text(), "1:1 2:new 3:3");
  EXPECT_EQ(text({"room:b", 0, 10, false}), "");
}

TEST_P(RewriteContract, IsNotThereOnceItIsTrimmed) {
  publish_many("room:a", 600);
  EXPECT_EQ(rewrite({"room:a", 1, "", "", "new"}), Rewritten::kGone);
  EXPECT_EQ(rewrite({"room:a", 600, "", "", "new"}), Rewritten::kDone);
}

TEST_P(RewriteContract, TellsWhoFollowsTheChannel) {
  ASSERT_TRUE(node_->subscribe("room:a"));
  publish_many("room:a", 3);
  publish_many("room:b", 3);
  EXPECT_EQ(rewrite({"room:a", 2, "", "", "new"}), Rewritten::kDone);
  EXPECT_EQ(rewrite({"room:b", 2, "", "", "new"}), Rewritten::kDone);
  EXPECT_EQ(rewrite({"room:a", 3, "", "other", "new"}), Rewritten::kChanged);
  EXPECT_EQ(rewrite({"room:a", 1, "", "", "new"}), Rewritten::kDone);
  ASSERT_TRUE(node_->run_until([&] { return node_->rewritten.size() == 2; }));
  EXPECT_THAT(node_->rewritten, ElementsAre("room:a 2", "room:a 1"));
}

TEST_P(RewriteContract, SignalsWithoutStoring) {
  ASSERT_TRUE(node_->subscribe("room:a"));
  ASSERT_TRUE(node_->run_until_ready());
  node_->broker->signal("room:a", "typing");
  node_->broker->signal("room:b", "to nobody");
  EXPECT_TRUE(node_->signals.empty());
  ASSERT_TRUE(node_->publish("room:a", "1"));
  ASSERT_TRUE(node_->run_until([&] { return node_->received.size() == 1; }));
  EXPECT_THAT(node_->signals, ElementsAre("room:a typing"));
  EXPECT_EQ(text(), "1:1");
  node_->broker->unsubscribe("room:a");
  node_->broker->signal("room:a", "late");
  publish_many("room:b", 1);
  EXPECT_EQ(node_->signals.size(), 1U);
}

INSTANTIATE_TEST_SUITE_P(Every, RewriteContract, testing::every_broker(), testing::name_of_broker);

class RedisRewrites : public testing::RedisLifeTest {
 protected:
  static void rewrite(BrokerNode& node, std::uint64_t offset, const std::string& body) {
    const auto result = node.rewrite({kRoom, offset, "", "", body});
    ASSERT_TRUE(result && *result);
    EXPECT_EQ(**result, Rewritten::kDone);
  }
};

TEST_F(RedisRewrites, AreToldToAllNodesAndSignalsToo) {
  const auto one = make_follower(server_.unix_url());
  const auto other = make_follower(server_.unix_url());
  publish_all(*one, 1, 3);
  ASSERT_TRUE(run_until_received(*other, 3));
  rewrite(*one, 2, "new");
  one->broker->signal(kRoom, "typing");
  ASSERT_TRUE(other->run_until([&] { return other->signals.size() == 1; }));
  EXPECT_THAT(other->rewritten, ElementsAre(std::string(kRoom) + " 2"));
  ASSERT_EQ(other->logs[kRoom].tail.size(), 3U);
  EXPECT_EQ(other->logs[kRoom].tail[1].body, "new");
}

TEST_F(RedisRewrites, AreToldWhenTheLinkIsBackThatWasDown) {
  testing::Relay relay(loop_, server_.port());
  const auto writer = make_follower(server_.unix_url());
  const auto node = make_follower("redis://127.0.0.1:" + std::to_string(relay.port()));
  publish_all(*writer, 1, 3);
  ASSERT_TRUE(run_until_received(*node, 3));
  relay.hold(true, true);
  relay.keep_clients();
  rewrite(*writer, 2, "new");
  relay.cut();
  relay.hold(false, false);
  ASSERT_TRUE(node->run_until([&] { return !node->maybe_missed.empty(); }));
  node->catch_up(kRoom);
  EXPECT_THAT(node->rewritten, Contains(std::string(kRoom) + " 3"));
  EXPECT_TRUE(node->logs[kRoom].tail.empty());
}

TEST_F(RedisRewrites, AreNotUndoneByWhatNodesPutBack) {
  const auto node = make_follower(server_.unix_url());
  publish_all(*node, 1, 5);
  ASSERT_TRUE(run_until_received(*node, 5));
  rewrite(*node, 3, "new");
  ASSERT_TRUE(node->run_until([&] { return node->rewritten.size() == 1; }));
  const std::string epoch = node->logs[kRoom].top.epoch;
  restart_empty();
  ASSERT_TRUE(run_until_back(*node));
  EXPECT_EQ(bodies(*node, kRoom), bodies_of(1, 2) + " new " + bodies_of(4, 5));
  EXPECT_EQ(top(*node).epoch, epoch);
  EXPECT_EQ(top(*node).offset, 5U);
  server_.command({"SAVE"});
  rewrite(*node, 4, "newer");
  server_.command({"SAVE"});
  publish(*node, "6");
  ASSERT_TRUE(run_until_received(*node, 6));
  server_.kill();
  server_.start();
  ASSERT_TRUE(node->run_until([&] { return node->broker->counters().store_lives == 2; }));
  EXPECT_EQ(bodies(*node, kRoom), bodies_of(1, 2) + " new newer " + bodies_of(5, 6));
}

TEST_F(RedisRewrites, GoWithTheLogTheyAreOf) {
  settings_.history_size = 100;
  const auto node = make_follower(server_.unix_url());
  const std::string overlay = "chirm:{" + std::string(kRoom) + "}:s:w";
  publish_all(*node, 1, 10);
  for (std::uint64_t offset = 1; offset <= 10; ++offset) rewrite(*node, offset, "new");
  EXPECT_GT(std::stoll(server_.command({"PTTL", overlay})),
            std::stoll(server_.command({"PTTL", "chirm:{" + std::string(kRoom) + "}:s"})));
  publish_all(*node, 11, 400);
  for (int i = 0; i < 64; ++i) rewrite(*node, 400, "again " + std::to_string(i));
  EXPECT_EQ(server_.command({"HLEN", overlay}), "1");
  // The log is gone: what comes is not what was rewritten.
  server_.command({"DEL", "chirm:{" + std::string(kRoom) + "}:m"});
  const auto fresh = make_node(server_.unix_url());
  publish(*fresh, "x");
  EXPECT_EQ(server_.command({"EXISTS", overlay}), "0");
  EXPECT_EQ(bodies(*fresh, kRoom), body("x"));
}

}  // namespace
}  // namespace chirm
