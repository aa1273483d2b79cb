// SPDX-License-Identifier: MIT
// Redis is restarted, or another takes its place: who is waited for, and whose epochs change.

#include <gmock/gmock.h>

#include <utility>

#include "tests/core/broker/redis/redis_life_fixture.h"
#include "tests/support/relay.h"

namespace chirm {
namespace {

using ::testing::AllOf;
using testing::BrokerNode;
using ::testing::HasSubstr;
using testing::kRoom;
using ::testing::Not;
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

// ---- Who comes first knows nothing

TEST_F(RedisLife, WaitsAtAnEmptyRedisForNodesOfWhichNothingIsKnown) {
  Relay relay(loop_, server_.port());
  const auto node = make_follower("redis://127.0.0.1:" + std::to_string(relay.port()));
  publish_all(*node, 1, 3);
  ASSERT_TRUE(run_until_received(*node, 3));
  const std::string epoch = node->logs[kRoom].top.epoch;
  relay.swallow_answers_where_client_said("SETNAME");
  restart_empty();
  node_settings_.strangers_ms = 60'000;
  const auto newcomer = make_node(server_.unix_url());
  std::optional<Position> stored;
  const std::string text = body("4");
  newcomer->broker->publish({kRoom, text, "ada", "4"}, [&](const auto& position) {
    ASSERT_TRUE(position.has_value());
    stored = *position;
  });
  ASSERT_TRUE(newcomer->run_until([&] {  // it has nothing to compare
    return life_has("d:");
  }));
  EXPECT_FALSE(stored.has_value());
  relay.swallow_answers_where_client_said("");
  relay.redirect(server_.port());
  ASSERT_TRUE(newcomer->run_until([&] { return stored.has_value(); }));
  EXPECT_EQ(stored->offset, 4U);
  EXPECT_EQ(stored->epoch, epoch);
  EXPECT_EQ(bodies(*newcomer, kRoom), bodies_of(1, 4));
}

// It comes when others have given up waiting, or did not know that there was something to wait for.
TEST_F(RedisLife, BeginsAnewWhenALateNodeKnowsWhatTheStoreDoesNot) {
  Relay relay(loop_, server_.port());
  const auto late = make_follower("redis://127.0.0.1:" + std::to_string(relay.port()));
  publish_all(*late, 1, 3);
  ASSERT_TRUE(run_until_received(*late, 3));
  const std::string epoch = late->logs[kRoom].top.epoch;
  run_until_leases_are_new(*late, 1);
  relay.swallow_answers_where_client_said("SETNAME");
  restart_empty();
  const auto newcomer = make_node(server_.unix_url());
  const Position other = publish(*newcomer, "x", "room:other");
  relay.swallow_answers_where_client_said("");
  relay.redirect(server_.port());
  ASSERT_TRUE(run_until_back(*late));
  ASSERT_TRUE(newcomer->run_until([&] { return newcomer->broker->counters().store_lives == 1; }));
  ASSERT_TRUE(newcomer->run_until_ready());
  EXPECT_EQ(late->broker->counters().put_back, 3U);
  EXPECT_EQ(bodies(*newcomer, kRoom), bodies_of(1, 3));
  expect_epoch(*newcomer, epoch);
  // What was published before that stays; whether it is the log that its readers know, nobody can
  // tell: who has seen no more than it has goes on.
  const LogTop now = top(*newcomer, "room:other");
  EXPECT_TRUE(now.descends_from(other.epoch, 1));
}

// Nobody has touched the channel since.
TEST_F(RedisLife, LetsALateNodePutBackWhatNobodyHasTouched) {
  Relay relay(loop_, server_.port());
  const auto late = make_follower("redis://127.0.0.1:" + std::to_string(relay.port()));
  publish_all(*late, 1, 3);
  server_.command({"SAVE"});
  publish_all(*late, 4, 5);
  ASSERT_TRUE(run_until_received(*late, 5));
  const std::string epoch = late->logs[kRoom].top.epoch;
  run_until_leases_are_new(*late, 1);
  relay.swallow_answers_where_client_said("SETNAME");
  node_settings_.return_ms = 1;
  restart_from_snapshot();
  const auto newcomer = make_node(server_.unix_url());
  publish(*newcomer, "x", "room:other");
  relay.swallow_answers_where_client_said("");
  relay.redirect(server_.port());
  ASSERT_TRUE(run_until_back(*late));
  EXPECT_EQ(late->broker->counters().put_back, 2U);
  EXPECT_EQ(bodies(*newcomer, kRoom), bodies_of(1, 5));
  // They had been without this one for a while, so the epoch is another one.
  const LogTop now = top(*newcomer);
  EXPECT_NE(now.epoch, epoch);
  EXPECT_TRUE(now.descends_from(epoch, 5));
  EXPECT_EQ(publish(*newcomer, "6").offset, 6U);
}

// Others may have had more than it, and be gone.
TEST_F(RedisLife, GivesANewEpochToWhatANodePutsBackThatWasNotWaitedFor) {
  Relay relay(loop_, server_.port());
  const auto late = make_follower("redis://127.0.0.1:" + std::to_string(relay.port()));
  node_settings_.return_ms = 1;
  const auto node = make_node(server_.unix_url());
  publish_all(*late, 1, 3);
  ASSERT_TRUE(run_until_received(*late, 3));
  const std::string epoch = late->logs[kRoom].top.epoch;
  run_until_leases_are_new(*node, 2);
  relay.swallow_answers_where_client_said("SETNAME");
  restart_empty();
  ASSERT_TRUE(run_until_back(*node));
  relay.swallow_answers_where_client_said("");
  relay.redirect(server_.port());
  ASSERT_TRUE(run_until_back(*late));
  EXPECT_EQ(bodies(*late, kRoom), bodies_of(1, 3));
  EXPECT_NE(top(*late).epoch, epoch);
  EXPECT_TRUE(top(*late).descends_from(epoch, 3));
}

// Its leases were times, and what nodes had of them is of no use.
TEST_F(RedisLife, BeginsAnewBehindChirm01) {
  {
    const auto node = make_node(server_.unix_url());  // has gone back to 0.1 since
    publish(*node, "1", "room:other");
  }
  server_.command({"HSET", "chirm:life", "id", "old", "n", "3", "t", "1", "until", "0"});
  server_.command({"ZADD", "chirm:nodes", "1790000000000", "killed"});
  server_.command({"HSET", "chirm:{room:a}:m", "e", "old1", "o", "1", "l", "3"});
  server_.command({"XADD", "chirm:{room:a}:s", "1-0", "b", body("1")});
  const auto node = make_follower(server_.unix_url());
  EXPECT_EQ(server_.command({"HEXISTS", "chirm:life", "until"}), "0");
  EXPECT_NE(top(*node).epoch, "old1");
  EXPECT_TRUE(top(*node).descends_from("old1", 1));
  EXPECT_EQ(publish(*node, "2").offset, 2U);
  run_until_leases_are_new(*node, 1);
  EXPECT_EQ(server_.command({"ZCARD", "chirm:nodes"}), "1");
}

TEST_F(RedisLife, BeginsBehindThoseOfWhichOnlyChannelsTell) {
  {
    const auto node = make_node(server_.unix_url());
    publish(*node, "1");
  }
  server_.command({"HSET", "chirm:{room:a}:m", "l", "7"});
  server_.command({"DEL", "chirm:life"});
  const auto node = make_node(server_.unix_url());
  EXPECT_EQ(publish(*node, "2").offset, 2U);
  EXPECT_GT(std::stoi(server_.command({"HGET", "chirm:life", "n"})), 7);
}

TEST_F(RedisLife, RemembersTheEndsOfSixtyFourLives) {
  server_.command({"HSET", "chirm:life", "id", "old", "n", "100", "t", "1", "is_open", "1", "b",
                   "9", "end:1", "x 1", "end:36", "x 2", "end:37", "x 3"});
  const auto node = make_node(server_.unix_url());
  publish(*node, "1");
  EXPECT_THAT(server_.command({"HKEYS", "chirm:life"}),
              AllOf(Not(HasSubstr("end:1 ")), Not(HasSubstr("end:36")), HasSubstr("end:37"),
                    HasSubstr("end:100")));
}

TEST_F(RedisLife, IsHeardOfBeforeAnythingIsRewritten) {
  const auto node = make_follower(server_.unix_url());
  publish(*node, "1");
  const std::string next = server_.command({"HINCRBY", "chirm:life", "n", "1"});
  server_.command({"HSET", "chirm:life", "id", "another"});
  server_.command({"HSET", "chirm:{room:a}:m", "l", next});
  const auto done = node->rewrite({kRoom, 1, "", "", body("deleted")});
  ASSERT_TRUE(done && *done == Rewritten::kDone);
  EXPECT_EQ(node->broker->counters().store_lives, 1U);  // it has come there before
}

TEST_F(RedisLife, TellsWhatALateNodeCouldNotPutBack) {
  Relay relay(loop_, server_.port());
  const auto late = make_follower("redis://127.0.0.1:" + std::to_string(relay.port()));
  publish_all(*late, 1, 3);
  ASSERT_TRUE(run_until_received(*late, 3));
  const std::string epoch = late->logs[kRoom].top.epoch;
  relay.swallow_answers_where_client_said("SETNAME");
  restart_empty();
  const auto newcomer = make_node(server_.unix_url());
  const Position first = publish(*newcomer, "x");
  publish(*newcomer, "y");
  relay.swallow_answers_where_client_said("");
  relay.redirect(server_.port());
  ASSERT_TRUE(run_until_back(*late));
  const LogTop now = top(*late);
  EXPECT_FALSE(now.descends_from(epoch, 3));
  EXPECT_FALSE(now.descends_from(epoch, 1));
  EXPECT_TRUE(now.descends_from(first.epoch, 2));
  EXPECT_EQ(bodies(*late, kRoom), body("x") + " " + body("y"));
  ASSERT_TRUE(late->run_until([&] { return !late->maybe_missed.empty(); }));
}

TEST_F(RedisLife, GoesOnInNewEpochsWhenOnlyNewNodesCome) {
  node_settings_.return_ms = 100;
  Position before;
  {
    const auto node = make_follower(server_.unix_url());
    publish_all(*node, 1, 2);
    before = top(*node);
    server_.command({"SAVE"});
    publish(*node, "3");
    server_.kill();
  }
  server_.start();
  auto node = make_node(server_.unix_url());
  const LogTop now = top(*node);
  EXPECT_NE(now.epoch, before.epoch);
  EXPECT_TRUE(now.descends_from(before.epoch, 2));
  EXPECT_FALSE(now.descends_from(before.epoch, 3));
  EXPECT_EQ(publish(*node, "else").offset, 3U);
  EXPECT_FALSE(top(*node).descends_from(before.epoch, 3));
  // The same once more: those of both epochs know where they stand.
  server_.command({"SAVE"});
  server_.kill();
  node = nullptr;
  server_.start();
  const auto third = make_node(server_.unix_url());
  const LogTop later = top(*third);
  EXPECT_TRUE(later.descends_from(before.epoch, 2));
  EXPECT_FALSE(later.descends_from(before.epoch, 3));
  EXPECT_TRUE(later.descends_from(now.epoch, 3));
}

// A copy of Redis' files is put back while nodes run: some know more than it does.
TEST_F(RedisLife, KnowsAnOlderCopyByTheLeases) {
  const auto node = make_follower(server_.unix_url());
  publish_all(*node, 1, 2);
  publish(*node, "1", "room:other");
  const Position other = top(*node, "room:other");
  server_.command({"SAVE"});
  publish_all(*node, 3, 4);
  publish(*node, "2", "room:other");
  ASSERT_TRUE(run_until_received(*node, 4));
  run_until_leases_are_new(*node, 1);
  restart_from_snapshot();
  ASSERT_TRUE(run_until_back(*node));
  EXPECT_EQ(bodies(*node, kRoom), bodies_of(1, 4));
  expect_epoch(*node, node->logs[kRoom].top.epoch);
  const LogTop now = top(*node, "room:other");
  EXPECT_TRUE(now.descends_from(other.epoch, 1));
  EXPECT_FALSE(now.descends_from(other.epoch, 2));
}

// ---- With a log that is written before anything is answered

class RedisLifeWithLog : public RedisLife {
 protected:
  RedisServer safe_{{.configuration = {},
                     .arguments = {"--appendonly", "yes", "--appendfsync", "always"},
                     .has_tcp = false,
                     .is_started = true}};
};

// It cannot be told from an older copy of it, of which only that node knew.
TEST_F(RedisLifeWithLog, GoesOnInNewEpochsWhenANodeIsMissing) {
  node_settings_.return_ms = 100;
  const auto node = make_follower(safe_.unix_url());
  publish(*node, "1");
  publish(*node, "1", "room:other");
  ASSERT_TRUE(run_until_received(*node, 1));
  const Position other = top(*node, "room:other");
  const Position room = top(*node);
  add_lease(safe_, "killed");
  safe_.kill();
  safe_.start();
  ASSERT_TRUE(run_until_back(*node));
  for (const auto& [channel, before] : {std::pair{kRoom, room}, std::pair{"room:other", other}}) {
    const LogTop now = top(*node, channel);
    EXPECT_NE(now.epoch, before.epoch);
    EXPECT_EQ(now.offset, 1U);
    EXPECT_TRUE(now.descends_from(before.epoch, 1));
    EXPECT_FALSE(now.descends_from(before.epoch, 2));
  }
  EXPECT_EQ(bodies(*node, kRoom), body("1"));
}

TEST_F(RedisLifeWithLog, KeepsEveryEpochWhenAllNodesFindTheirLeases) {
  const auto one = make_follower(safe_.unix_url());
  const auto two = make_follower(safe_.unix_url());
  publish(*one, "1");
  publish(*one, "1", "room:other");
  ASSERT_TRUE(run_until_received(*one, 1));
  ASSERT_TRUE(run_until_received(*two, 1));
  const Position other = top(*one, "room:other");
  safe_.kill();
  safe_.start();
  ASSERT_TRUE(run_until_back(*one));
  ASSERT_TRUE(run_until_back(*two));
  expect_epoch(*one, one->logs[kRoom].top.epoch);
  EXPECT_EQ(top(*two, "room:other").epoch, other.epoch);
  EXPECT_EQ(one->broker->counters().put_back + two->broker->counters().put_back, 0U);
  EXPECT_EQ(one->broker->counters().suspect_lives, 0U);
}

}  // namespace
}  // namespace chirm
