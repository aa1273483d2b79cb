// SPDX-License-Identifier: MIT
// Redis comes back without its newest writes, or another takes its place: the nodes put back what
// they hold, and where that is not enough, the epoch changes, once and for all of them.

#include "protocol/message.h"
#include "tests/core/broker/redis_fixture.h"
#include "tests/support/relay.h"

namespace chirm {
namespace {

using testing::BrokerNode;
using testing::RedisServer;
using testing::Relay;

constexpr const char* kRoom = "room:a";

class RedisLife : public testing::RedisTest {
 protected:
  // What a session would publish.
  static std::string body(const std::string& id, const std::string& text = "") {
    std::string made;
    append_publication_body(made, R"({"id":")" + id + R"(","text":")" + text + "\"}",
                            {"ada", "client", ""});
    return made;
  }
  Position publish(BrokerNode& node, const std::string& id, const std::string& channel = kRoom) {
    const std::string text = body(id);
    const auto position = node.publish({channel, text, "ada", id});
    EXPECT_TRUE(position && *position) << id;
    return position && *position ? **position : Position{};
  }
  void publish_all(BrokerNode& node, int from, int to) {
    for (int i = from; i <= to; ++i) publish(node, std::to_string(i));
  }
  static std::string bodies_of(int from, int to) {
    std::string text;
    for (int i = from; i <= to; ++i) text += (i == from ? "" : " ") + body(std::to_string(i));
    return text;
  }
  static Position top(BrokerNode& node, const std::string& channel = kRoom) {
    const auto history = node.history({channel, 0, 0, false});
    EXPECT_TRUE(history && *history);
    return history && *history ? (*history)->top : Position{};
  }

  // A node that follows the room.
  std::unique_ptr<BrokerNode> make_follower(const std::string& url, const std::string& name = "") {
    auto node = make_node(url, name);
    const auto top = node->follow(kRoom);
    EXPECT_TRUE(top && *top);
    return node;
  }
  bool run_until_received(BrokerNode& node, std::uint64_t offset) {
    return node.run_until([&] { return node.logs[kRoom].top.offset >= offset; });
  }
  // Until each of so many nodes has renewed its lease, and so knows who else has one.
  void run_until_leases_are_new(BrokerNode& node, std::size_t nodes) {
    for (int round = 0; round < 2; ++round) {
      const std::string leases =
          server_.command({"ZREVRANGE", "chirm:nodes", "0", "0", "WITHSCORES"});
      const std::string newest = leases.substr(leases.rfind(' ') + 1);
      ASSERT_TRUE(node.run_until([&] {
        return server_.command({"ZCOUNT", "chirm:nodes", "(" + newest, "+inf"}) ==
               std::to_string(nodes);
      }));
    }
  }
  // As of a node that was killed a moment ago.
  static void add_lease(const RedisServer& server, const std::string& name) {
    server.command({"EVAL",
                    "return redis.call('ZADD', 'chirm:nodes', redis.call('TIME')[1] .. '000', "
                    "ARGV[1])",
                    "0", name});
  }
  void restart_empty() {
    server_.kill();
    server_.lose_data();
    server_.start();
  }
  void restart_from_snapshot() {
    server_.kill();
    server_.start();
  }
  bool run_until_back(BrokerNode& node) {
    return node.run_until([&] { return node.broker->counters().store_lives == 1; }) &&
           node.run_until_ready();
  }
  static void expect_epoch(BrokerNode& node, const std::string& epoch) {
    EXPECT_EQ(top(node).epoch, epoch);
  }

  RedisServer server_{{.configuration = {}, .arguments = {}, .has_tcp = true, .is_started = true}};
};

TEST_F(RedisLife, PutsBackWhatAnEmptyRedisDoesNotHave) {
  const auto node = make_follower(server_.unix_url());
  publish_all(*node, 1, 5);
  ASSERT_TRUE(run_until_received(*node, 5));
  const std::string epoch = node->logs[kRoom].top.epoch;
  restart_empty();
  ASSERT_TRUE(run_until_back(*node));
  EXPECT_EQ(bodies(*node, kRoom), bodies_of(1, 5));
  EXPECT_EQ(top(*node).epoch, epoch);
  EXPECT_EQ(top(*node).offset, 5U);
  EXPECT_EQ(node->broker->counters().put_back, 5U);
  EXPECT_EQ(node->broker->counters().suspect_lives, 1U);  // of channels that nobody follows
  // A retry is recognised, whatever node it comes through.
  const auto other = make_node(server_.unix_url());
  EXPECT_EQ(publish(*other, "4").offset, 4U);
  EXPECT_EQ(publish(*other, "4").epoch, epoch);
  EXPECT_EQ(publish(*other, "6").offset, 6U);
  EXPECT_EQ(publish(*other, "7").epoch, epoch);
}

TEST_F(RedisLife, PutsBackWhatASnapshotDoesNotHave) {
  const auto node = make_follower(server_.unix_url());
  publish_all(*node, 1, 3);
  server_.command({"SAVE"});
  publish_all(*node, 4, 5);
  ASSERT_TRUE(run_until_received(*node, 5));
  const std::string epoch = node->logs[kRoom].top.epoch;
  restart_from_snapshot();
  ASSERT_TRUE(run_until_back(*node));
  EXPECT_EQ(bodies(*node, kRoom), bodies_of(1, 5));
  expect_epoch(*node, epoch);
  EXPECT_EQ(node->broker->counters().put_back, 2U);
  EXPECT_EQ(publish(*node, "5").offset, 5U);
  EXPECT_EQ(publish(*node, "6").offset, 6U);
}

TEST_F(RedisLife, KeepsTheNumberingOfAChannelOfWhichNoNodeHoldsAPublication) {
  const auto writer = make_node(server_.unix_url());
  publish_all(*writer, 1, 3);
  const auto node = make_follower(server_.unix_url());
  publish(*writer, "x", "room:empty");
  const auto empty = make_node(server_.unix_url());
  const auto unused = empty->follow("room:unused");
  ASSERT_TRUE(unused && *unused);
  run_until_leases_are_new(*node, 3);
  restart_empty();
  ASSERT_TRUE(run_until_back(*node));
  ASSERT_TRUE(run_until_back(*empty));
  EXPECT_EQ(top(*node).offset, 3U);
  expect_epoch(*node, node->logs[kRoom].top.epoch);
  EXPECT_EQ(publish(*writer, "4").offset, 4U);
  EXPECT_EQ(top(*empty, "room:unused").epoch, (*unused)->epoch);
  EXPECT_EQ(top(*empty, "room:unused").offset, 0U);
}

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

TEST_F(RedisLife, TakesTheLongestOfSeveralTails) {
  std::vector<std::unique_ptr<BrokerNode>> nodes;
  for (int i = 0; i < 4; ++i) nodes.push_back(make_follower(server_.unix_url()));
  publish_all(*nodes[0], 1, 300);
  for (const auto& node : nodes) ASSERT_TRUE(run_until_received(*node, 300));
  const std::string epoch = nodes[0]->logs[kRoom].top.epoch;
  // They have not all received everything, nor kept everything.
  const int tops[] = {120, 300, 250, 299};
  for (int i = 0; i < 4; ++i) {
    auto& log = nodes[static_cast<std::size_t>(i)]->logs[kRoom];
    log.tail.resize(static_cast<std::size_t>(tops[i]));
    log.top.offset = static_cast<std::uint64_t>(tops[i]);
  }
  run_until_leases_are_new(*nodes[0], 4);
  restart_empty();
  for (const auto& node : nodes) ASSERT_TRUE(run_until_back(*node));
  std::uint64_t put_back = 0;
  for (const auto& node : nodes) put_back += node->broker->counters().put_back;
  EXPECT_EQ(put_back, 300U);
  EXPECT_EQ(bodies(*nodes[0], kRoom), bodies_of(1, 300));
  expect_epoch(*nodes[2], epoch);
  for (const auto& node : nodes) {
    node->catch_up(kRoom);
    EXPECT_EQ(node->logs[kRoom].top.offset, 300U);
    EXPECT_EQ(node->broker->counters().store_epoch_changes, 0U);
  }
  EXPECT_EQ(publish(*nodes[0], "301").offset, 301U);
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
  ASSERT_TRUE(behind->run_until([&] {
    return server_.command({"EXISTS", "chirm:{room:a}:s"}) == "1";
  }));
  EXPECT_FALSE(stored.has_value());
  EXPECT_EQ(server_.command({"XLEN", "chirm:{room:a}:s"}), "2");
  relay.swallow_answers_where_client_said("");
  relay.redirect(server_.port());
  ASSERT_TRUE(behind->run_until([&] { return stored.has_value(); }));
  EXPECT_EQ(stored->offset, 4U);
  EXPECT_EQ(stored->epoch, epoch);
  EXPECT_EQ(bodies(*behind, kRoom), bodies_of(1, 4));
}

TEST_F(RedisLife, PutsBackManyChannelsAndLongTailsInPieces) {
  const auto node = make_node(server_.unix_url());
  constexpr int kChannels = 1000;
  for (int i = 0; i < kChannels; ++i) {
    const std::string channel = "room:" + std::to_string(i);
    ASSERT_TRUE(node->follow(channel));
  }
  int stored = 0;
  const auto store = [&](const std::string& channel, const std::string& text) {
    node->broker->publish({channel, text, "", ""}, [&](const auto& position) {
      EXPECT_TRUE(position.has_value());
      ++stored;
    });
  };
  for (int i = 0; i < kChannels; ++i) store("room:" + std::to_string(i), body("x"));
  for (int i = 0; i < 2000; ++i) store("room:7", body(std::to_string(i), std::string(1000, 'x')));
  for (int i = 0; i < 20; ++i) store("room:8", body(std::to_string(i), std::string(60'000, 'x')));
  ASSERT_TRUE(node->run_until([&] { return stored == kChannels + 2020; }));
  ASSERT_TRUE(node->run_until([&] { return node->received.size() == kChannels + 2020; }));
  const std::string long_one = bodies(*node, "room:7");
  const std::string large_one = bodies(*node, "room:8");
  restart_empty();
  ASSERT_TRUE(run_until_back(*node));
  EXPECT_EQ(node->broker->counters().put_back, kChannels + 2020U);
  EXPECT_EQ(bodies(*node, "room:7"), long_one);
  EXPECT_EQ(bodies(*node, "room:8"), large_one);
  EXPECT_EQ(bodies(*node, "room:999"), body("x"));
}

TEST_F(RedisLife, ChangesTheEpochOnceWhenMoreIsGoneThanNodesHold) {
  const auto one = make_follower(server_.unix_url());
  const auto other = make_follower(server_.unix_url());
  publish_all(*one, 1, 3);
  server_.command({"SAVE"});
  publish_all(*one, 4, 9);
  for (BrokerNode* node : {one.get(), other.get()}) {
    ASSERT_TRUE(run_until_received(*node, 9));
    auto& tail = node->logs[kRoom].tail;
    tail.erase(tail.begin(), tail.begin() + 6);  // 7 8 9 are left
  }
  const std::string epoch = one->logs[kRoom].top.epoch;
  run_until_leases_are_new(*one, 2);
  restart_from_snapshot();
  ASSERT_TRUE(run_until_back(*one));
  ASSERT_TRUE(run_until_back(*other));
  // Each is told to compare.
  ASSERT_TRUE(
      one->run_until([&] { return !one->maybe_missed.empty() && !other->maybe_missed.empty(); }));
  const Position now = top(*one);
  EXPECT_NE(now.epoch, epoch);
  EXPECT_EQ(now.offset, 3U);
  EXPECT_EQ(top(*other).epoch, now.epoch);
  EXPECT_EQ(publish(*other, "new").epoch, now.epoch);
  EXPECT_EQ(publish(*one, "newer").epoch, now.epoch);
}

TEST_F(RedisLife, ChangesTheEpochWhenTheStoreHasAnotherPublication) {
  Relay relay(loop_, server_.port());
  RedisServer successor(
      {.configuration = {}, .arguments = {}, .has_tcp = true, .is_started = true});
  const std::string url = "redis://127.0.0.1:" + std::to_string(relay.port());
  const auto one = make_follower(url);
  const auto other = make_follower(url);
  publish_all(*one, 1, 3);
  ASSERT_TRUE(run_until_received(*one, 3));
  ASSERT_TRUE(run_until_received(*other, 3));
  const std::string epoch = one->logs[kRoom].top.epoch;
  run_until_leases_are_new(*one, 2);
  // It got 1 and 2; then somebody published something else to it.
  successor.command({"HSET", "chirm:{room:a}:m", "e", epoch, "o", "4"});
  const std::string texts[] = {body("1"), body("2"), "\"data\":\"else\"", "\"data\":\"more\""};
  for (int i = 0; i < 4; ++i) {
    successor.command({"XADD", "chirm:{room:a}:s", std::to_string(i + 1) + "-0", "b", texts[i]});
  }
  relay.redirect(successor.port());
  ASSERT_TRUE(run_until_back(*one));
  ASSERT_TRUE(run_until_back(*other));
  const Position now = top(*one);
  EXPECT_NE(now.epoch, epoch);
  EXPECT_EQ(now.offset, 4U);
  EXPECT_EQ(top(*other).epoch, now.epoch);
  EXPECT_EQ(
      one->broker->counters().store_epoch_changes + other->broker->counters().store_epoch_changes,
      1U);
  ASSERT_TRUE(
      one->run_until([&] { return !one->maybe_missed.empty() && !other->maybe_missed.empty(); }));
}

TEST_F(RedisLife, ChangesTheEpochWhenTheStoreHasAnotherPublicationBehindTheTail) {
  Relay relay(loop_, server_.port());
  RedisServer successor(
      {.configuration = {}, .arguments = {}, .has_tcp = true, .is_started = true});
  const auto node = make_follower("redis://127.0.0.1:" + std::to_string(relay.port()));
  publish_all(*node, 1, 3);
  ASSERT_TRUE(run_until_received(*node, 3));
  const std::string epoch = node->logs[kRoom].top.epoch;
  successor.command({"HSET", "chirm:{room:a}:m", "e", epoch, "o", "2"});
  successor.command({"XADD", "chirm:{room:a}:s", "1-0", "b", body("1")});
  successor.command({"XADD", "chirm:{room:a}:s", "2-0", "b", body("else")});
  relay.redirect(successor.port());
  ASSERT_TRUE(run_until_back(*node));
  EXPECT_NE(top(*node).epoch, epoch);
  EXPECT_EQ(bodies(*node, kRoom), body("1") + " " + body("else"));
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
  EXPECT_EQ(times_logged("which did not come: killed"), 2U);
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

TEST_F(RedisLifeWithLog, IsOverWhenAReplicaWithoutTheTailIsPromoted) {
  RedisServer replica({.configuration = {}, .arguments = {}, .has_tcp = true, .is_started = true});
  Relay relay(loop_, server_.port());
  const std::string url = "redis://127.0.0.1:" + std::to_string(relay.port());
  const auto one = make_follower(url);
  const auto other = make_follower(url);
  publish_all(*one, 1, 3);
  server_.command({"CONFIG", "SET", "repl-diskless-sync-delay", "0"});
  replica.command({"REPLICAOF", "127.0.0.1", std::to_string(server_.port())});
  ASSERT_TRUE(one->run_until([&] { return replica.command({"XLEN", "chirm:{room:a}:s"}) == "3"; }));
  replica.command({"REPLICAOF", "NO", "ONE"});
  publish_all(*other, 4, 6);  // to the master alone
  ASSERT_TRUE(run_until_received(*one, 6));
  ASSERT_TRUE(run_until_received(*other, 6));
  const std::string epoch = one->logs[kRoom].top.epoch;
  run_until_leases_are_new(*one, 2);
  server_.kill();
  relay.redirect(replica.port());
  ASSERT_TRUE(run_until_back(*one));
  ASSERT_TRUE(run_until_back(*other));
  EXPECT_EQ(bodies(*one, kRoom), bodies_of(1, 6));
  expect_epoch(*other, epoch);
  EXPECT_EQ(one->broker->counters().put_back + other->broker->counters().put_back, 3U);
  EXPECT_EQ(publish(*one, "6").offset, 6U);
  EXPECT_EQ(publish(*one, "7").offset, 7U);
}

}  // namespace
}  // namespace chirm
