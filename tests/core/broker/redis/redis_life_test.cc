// SPDX-License-Identifier: MIT
// Redis is restarted, or another takes its place: who is waited for, and whose epochs change.

#include "tests/core/broker/redis/redis_life_fixture.h"
#include "tests/support/relay.h"

namespace chirm {
namespace {

using testing::BrokerNode;
using testing::kRoom;
using testing::RedisServer;
using testing::Relay;

class RedisLife : public testing::RedisLifeTest {};

TEST_F(RedisLife, ChangesNothingWhenNothingIsLost) {
  const auto node = make_follower(server_.unix_url());
  publish_all(*node, 1, 3);
  publish(*node, "x", "room:unfollowed");
  const Position unfollowed = top(*node, "room:unfollowed");
  ASSERT_TRUE(run_until_received(*node, 3));
  // Another life of the same process. The node notices though it has nothing to publish.
  server_.command({"REPLICAOF", "127.0.0.1", "1"});
  ASSERT_TRUE(node->run_until([&] { return node->broker->health() != Health::kReady; }));
  server_.command({"REPLICAOF", "NO", "ONE"});
  ASSERT_TRUE(run_until_back(*node));
  EXPECT_EQ(node->broker->counters().put_back, 0U);
  EXPECT_EQ(node->broker->counters().suspect_lives, 0U);
  expect_epoch(*node, node->logs[kRoom].top.epoch);
  EXPECT_EQ(top(*node, "room:unfollowed").epoch, unfollowed.epoch);
}

TEST_F(RedisLife, IsNoticedByANodeWhoseConnectionLasted) {
  node_settings_.lease_period_ms = 100;
  const auto node = make_follower(server_.unix_url());
  publish(*node, "1");
  server_.command({"REPLICAOF", "127.0.0.1", "1"});
  server_.command({"REPLICAOF", "NO", "ONE"});
  const auto other = make_node(server_.unix_url());
  ASSERT_TRUE(run_until_back(*node));
  ASSERT_TRUE(other->run_until_ready());
}

TEST_F(RedisLife, IsNotBegunByALostConnection) {
  const auto node = make_follower(server_.unix_url());
  publish(*node, "1");
  server_.command({"CLIENT", "KILL", "TYPE", "normal"});
  ASSERT_TRUE(node->run_until([&] { return node->broker->counters().link_losses == 1; }));
  publish(*node, "2");
  EXPECT_EQ(node->broker->counters().store_lives, 0U);
}

TEST_F(RedisLife, HoldsPublishesUntilTheNodeWithTheLongestTailHasCome) {
  Relay relay(loop_, server_.port());
  const auto behind = make_follower(server_.unix_url());
  const auto ahead = make_follower("redis://127.0.0.1:" + std::to_string(relay.port()));
  publish_all(*behind, 1, 3);
  ASSERT_TRUE(run_until_received(*ahead, 3));
  ASSERT_TRUE(run_until_received(*behind, 3));
  behind->logs[kRoom].tail.resize(2);
  behind->logs[kRoom].top.offset = 2;
  const std::string epoch = ahead->logs[kRoom].top.epoch;
  run_until_leases_are_new(*behind, 2);
  relay.swallow_answers_where_client_said("SETNAME");
  restart_empty();
  std::optional<Position> stored;
  const std::string text = body("4");
  behind->broker->publish({kRoom, text, "ada", "4"}, [&](const auto& position) {
    ASSERT_TRUE(position.has_value());
    stored = *position;
  });
  ASSERT_TRUE(behind->run_until([&] {  // it has compared, and holds something that is missing
    return server_.command({"HKEYS", "chirm:life"}).find("p:") != std::string::npos;
  }));
  EXPECT_FALSE(stored.has_value());
  relay.swallow_answers_where_client_said("");
  relay.redirect(server_.port());
  ASSERT_TRUE(behind->run_until([&] { return stored.has_value(); }));
  EXPECT_EQ(stored->offset, 4U);
  EXPECT_EQ(stored->epoch, epoch);
  EXPECT_EQ(bodies(*behind, kRoom), bodies_of(1, 4));
}

TEST_F(RedisLife, PutsNothingBackThatAnOperatorHasDeleted) {
  const auto node = make_follower(server_.unix_url());
  publish_all(*node, 1, 3);
  ASSERT_TRUE(run_until_received(*node, 3));
  server_.command({"FLUSHALL"});
  ASSERT_TRUE(node->run_until([&] { return server_.command({"EXISTS", "chirm:life"}) == "1"; }));
  server_.command({"CLIENT", "KILL", "TYPE", "normal"});
  ASSERT_TRUE(node->run_until([&] { return node->broker->counters().link_losses == 1; }));
  ASSERT_TRUE(node->run_until_ready());
  EXPECT_EQ(bodies(*node, kRoom), "");
  EXPECT_NE(top(*node).epoch, node->logs[kRoom].top.epoch);
  EXPECT_EQ(node->broker->counters().store_lives, 0U);
}

TEST_F(RedisLife, ChangesEveryEpochWhenANodeIsMissingThatMayHoldMore) {
  node_settings_.return_ms = 100;
  const auto one = make_follower(server_.unix_url());
  const auto other = make_follower(server_.unix_url());
  publish_all(*one, 1, 3);
  ASSERT_TRUE(run_until_received(*one, 3));
  ASSERT_TRUE(run_until_received(*other, 3));
  const std::string epoch = one->logs[kRoom].top.epoch;
  add_lease(server_, "killed");
  run_until_leases_are_new(*one, 2);
  restart_empty();
  ASSERT_TRUE(run_until_back(*one));
  ASSERT_TRUE(run_until_back(*other));
  const Position now = top(*one);
  EXPECT_NE(now.epoch, epoch);
  EXPECT_EQ(now.offset, 3U);  // what there is stays readable
  EXPECT_EQ(bodies(*one, kRoom), bodies_of(1, 3));
  EXPECT_EQ(top(*other).epoch, now.epoch);
  EXPECT_EQ(publish(*other, "4").epoch, now.epoch);
  EXPECT_EQ(one->broker->counters().suspect_lives, 1U);
  EXPECT_EQ(times_logged("killed"), 2U);  // each node says whom it has missed
}

TEST_F(RedisLife, GivesChannelsThatNobodyFollowsANewEpochWhenSomethingIsGone) {
  const auto node = make_follower(server_.unix_url());
  publish(*node, "1");
  publish(*node, "1", "room:other");
  const Position other = top(*node, "room:other");
  server_.command({"SAVE"});
  publish(*node, "2");
  publish(*node, "2", "room:other");
  ASSERT_TRUE(run_until_received(*node, 2));
  run_until_leases_are_new(*node, 1);
  restart_from_snapshot();
  ASSERT_TRUE(run_until_back(*node));
  expect_epoch(*node, node->logs[kRoom].top.epoch);
  EXPECT_EQ(top(*node).offset, 2U);
  // A client may have seen its second publication, and nobody can tell.
  const Position again = publish(*node, "3", "room:other");
  EXPECT_NE(again.epoch, other.epoch);
  EXPECT_EQ(top(*node, "room:other").epoch, again.epoch);
  EXPECT_EQ(publish(*node, "4", "room:other").epoch, again.epoch);
}

TEST_F(RedisLife, BeginsWhenARedisIsUsedAgainThatWasLeft) {
  Relay relay(loop_, server_.port());
  RedisServer other({.configuration = {}, .arguments = {}, .has_tcp = true, .is_started = true});
  const auto node = make_follower("redis://127.0.0.1:" + std::to_string(relay.port()));
  publish_all(*node, 1, 3);
  ASSERT_TRUE(run_until_received(*node, 3));
  relay.redirect(other.port());
  ASSERT_TRUE(run_until_back(*node));
  publish(*node, "4");
  ASSERT_TRUE(run_until_received(*node, 4));
  relay.redirect(server_.port());
  ASSERT_TRUE(node->run_until([&] { return node->broker->counters().store_lives == 2; }));
  EXPECT_EQ(server_.command({"HGET", "chirm:life", "n"}), "3");
  EXPECT_NE(publish(*node, "else").epoch, node->logs[kRoom].top.epoch);
}

// Which Redis does when it frees an idle backlog.
TEST_F(RedisLife, IsNotBegunWhenAPromotionIsForgotten) {
  const auto node = make_follower(server_.unix_url());
  const std::string number = server_.command({"HGET", "chirm:life", "n"});
  const std::string id = server_.command({"HGET", "chirm:life", "id"});
  server_.command({"HSET", "chirm:life", "id", id + std::string(40, 'f')});
  const auto other = make_node(server_.unix_url());
  ASSERT_TRUE(other->run_until_ready());
  EXPECT_EQ(server_.command({"HGET", "chirm:life", "n"}), number);
}

TEST_F(RedisLife, DoesNotWaitForNodesThatHaveLeft) {
  const auto node = make_follower(server_.unix_url());
  {
    const auto leaver = make_node(server_.unix_url());
    ASSERT_TRUE(leaver->run_until_ready());
    run_until_leases_are_new(*node, 2);
  }
  run_until_leases_are_new(*node, 1);
  restart_empty();
  ASSERT_TRUE(run_until_back(*node));
}

// ---- With a log that is written before anything is answered

class RedisLifeWithLog : public RedisLife {
 protected:
  RedisServer safe_{{.configuration = {},
                     .arguments = {"--appendonly", "yes", "--appendfsync", "always"},
                     .has_tcp = false,
                     .is_started = true}};
};

TEST_F(RedisLifeWithLog, KeepsEveryEpochThoughANodeIsMissingAndDoesNotWaitForIt) {
  const auto node = make_follower(safe_.unix_url());
  publish(*node, "1");
  publish(*node, "1", "room:other");
  ASSERT_TRUE(run_until_received(*node, 1));
  const Position other = top(*node, "room:other");
  add_lease(safe_, "killed");
  safe_.kill();
  safe_.start();
  ASSERT_TRUE(run_until_back(*node));
  expect_epoch(*node, node->logs[kRoom].top.epoch);
  EXPECT_EQ(top(*node, "room:other").epoch, other.epoch);
  EXPECT_EQ(node->broker->counters().put_back, 0U);
  EXPECT_EQ(node->broker->counters().suspect_lives, 0U);
}

}  // namespace
}  // namespace chirm
