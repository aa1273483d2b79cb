// SPDX-License-Identifier: MIT
// What Redis has lost is put back by the nodes that hold it. Where that is not enough, the
// channel's epoch changes, once and for all of them.

#include <memory>
#include <string>

#include "tests/core/broker/redis/redis_life_fixture.h"
#include "tests/support/relay.h"

namespace chirm {
namespace {

using testing::BrokerNode;
using testing::kRoom;
using testing::RedisServer;
using testing::Relay;

constexpr const char* kHash = "chirm:{room:a}:m";
constexpr const char* kStream = "chirm:{room:a}:s";
constexpr const char* kRewrites = "chirm:{room:a}:s:w";

class RedisTails : public testing::RedisLifeTest {};

TEST_F(RedisTails, PutsBackWhatAnEmptyRedisDoesNotHave) {
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

TEST_F(RedisTails, PutsBackWhatASnapshotDoesNotHave) {
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

TEST_F(RedisTails, KeepsTheNumberingOfAChannelOfWhichNoNodeHoldsAPublication) {
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

TEST_F(RedisTails, TakesTheLongestOfSeveralTails) {
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

// Nothing can be put in front of what is there: who holds most begins, whoever comes first.
TEST_F(RedisTails, AreTakenFromTheNodeThatHoldsMost) {
  const auto first = make_follower(server_.unix_url());
  publish_all(*first, 1, 200);
  ASSERT_TRUE(run_until_received(*first, 200));
  std::vector<std::unique_ptr<BrokerNode>> late;
  for (int i = 0; i < 3; ++i) late.push_back(make_follower(server_.unix_url()));
  publish(*first, "201");
  for (const auto& node : late) ASSERT_TRUE(run_until_received(*node, 201));
  const std::string epoch = first->logs[kRoom].top.epoch;
  run_until_leases_are_new(*first, 4);
  restart_empty();
  for (const auto& node : late) ASSERT_TRUE(run_until_back(*node));
  EXPECT_EQ(bodies(*late[0], kRoom), bodies_of(1, 201));
  expect_epoch(*late[1], epoch);
}

// The store knows how far the channel had got, but what it had of it has expired.
TEST_F(RedisTails, AreTakenFromTheNodeThatHoldsMostBehindWhatHasExpired) {
  Relay relay(loop_, server_.port());
  const auto most = make_follower("redis://127.0.0.1:" + std::to_string(relay.port()));
  publish_all(*most, 1, 3);
  server_.command({"DEL", kStream});
  server_.command({"SAVE"});
  publish_all(*most, 4, 6);
  const auto first = make_follower(server_.unix_url());
  publish(*first, "7");
  ASSERT_TRUE(run_until_received(*first, 7));
  ASSERT_TRUE(run_until_received(*most, 7));
  auto& tail = most->logs[kRoom].tail;
  tail.erase(tail.begin(), tail.begin() + 4);
  run_until_leases_are_new(*first, 2);
  relay.swallow_answers_where_client_said("SETNAME");
  restart_from_snapshot();
  ASSERT_TRUE(first->run_until([&] { return life_has("p:"); }));
  relay.swallow_answers_where_client_said("");
  relay.redirect(server_.port());
  ASSERT_TRUE(run_until_back(*first));
  ASSERT_TRUE(run_until_back(*most));
  EXPECT_EQ(bodies(*first, kRoom), bodies_of(5, 7));
  expect_epoch(*first, first->logs[kRoom].top.epoch);
  EXPECT_EQ(publish(*first, "8").offset, 8U);
}

TEST_F(RedisTails, PutsNothingBackThatHasExpired) {
  const auto node = make_follower(server_.unix_url());
  publish_all(*node, 1, 3);
  ASSERT_TRUE(run_until_received(*node, 3));
  server_.command({"DEL", kStream});
  server_.command({"SAVE"});
  publish(*node, "4");
  ASSERT_TRUE(run_until_received(*node, 4));
  restart_from_snapshot();
  ASSERT_TRUE(run_until_back(*node));
  EXPECT_EQ(bodies(*node, kRoom), body("4"));
  expect_epoch(*node, node->logs[kRoom].top.epoch);
}

TEST_F(RedisTails, ArePutBackBehindWhatAnotherNodePutsBack) {
  const auto one = make_follower(server_.unix_url());
  const auto other = make_follower(server_.unix_url());
  publish_all(*one, 1, 3);
  server_.command({"SAVE"});
  publish_all(*one, 4, 9);
  ASSERT_TRUE(run_until_received(*one, 9));
  ASSERT_TRUE(run_until_received(*other, 9));
  auto& begin = one->logs[kRoom];  // 1 … 6
  begin.tail.resize(6);
  begin.top.offset = 6;
  auto& end = other->logs[kRoom];  // 6 … 9
  end.tail.erase(end.tail.begin(), end.tail.begin() + 5);
  const std::string epoch = end.top.epoch;
  run_until_leases_are_new(*one, 2);
  restart_from_snapshot();
  ASSERT_TRUE(run_until_back(*one));
  ASSERT_TRUE(run_until_back(*other));
  EXPECT_EQ(bodies(*one, kRoom), bodies_of(1, 9));
  expect_epoch(*other, epoch);
}

TEST_F(RedisTails, PutsBackManyChannelsAndLongTailsInPieces) {
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

TEST_F(RedisTails, ChangesTheEpochOnceWhenMoreIsGoneThanNodesHold) {
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

// Those who do not follow the channel cannot know what was there.
TEST_F(RedisTails, ChangesTheEpochBeforeOthersPublishWhenMoreIsGoneThanNodesHold) {
  node_settings_.lease_period_ms = 60'000;  // what is lost is younger than all leases
  const auto writer = make_node(server_.unix_url());
  ASSERT_TRUE(writer->run_until_ready());
  const auto node = make_follower(server_.unix_url());
  publish_all(*node, 1, 3);
  server_.command({"SAVE"});
  publish_all(*node, 4, 9);
  ASSERT_TRUE(run_until_received(*node, 9));
  auto& log = node->logs[kRoom];
  log.tail.erase(log.tail.begin(), log.tail.begin() + 6);
  restart_from_snapshot();
  EXPECT_NE(publish(*writer, "new").epoch, log.top.epoch);
}

TEST_F(RedisTails, ChangesTheEpochOfAChannelThatWasPublishedInAMomentAgo) {
  node_settings_.lease_period_ms = node_settings_.digest_period_ms = 60'000;
  const auto writer = make_node(server_.unix_url());
  const std::string epoch = publish(*writer, "1").epoch;
  server_.command({"SAVE"});
  publish(*writer, "2");
  restart_from_snapshot();
  const auto other = make_node(server_.unix_url());
  EXPECT_NE(publish(*other, "else").epoch, epoch);
}

// All digests have named it, but no lease was written since that would be missing with it.
TEST_F(RedisTails, ChangesTheEpochOfAChannelThatWasPublishedInBeforeRedisHung) {
  node_settings_.lease_period_ms = 60'000;
  const auto writer = make_node(server_.unix_url());
  const std::uint64_t& digests = writer->broker->counters().digests;
  const std::string epoch = publish(*writer, "1").epoch;
  ASSERT_TRUE(writer->run_until([&] { return digests == 2; }));
  server_.command({"SAVE"});
  publish(*writer, "2");
  ASSERT_TRUE(writer->run_until([&] { return digests == 4; }));
  restart_from_snapshot();
  const auto other = make_node(server_.unix_url());
  EXPECT_NE(publish(*other, "else").epoch, epoch);
}

TEST_F(RedisTails, ChangesTheEpochWhenTheStoreHasAnotherPublication) {
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

TEST_F(RedisTails, ChangesTheEpochWhenTheStoreHasAnotherPublicationBehindTheTail) {
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

TEST_F(RedisTails, ArePutBackToAReplicaThatIsPromotedWithoutThem) {
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

// As programs do that publish with an idempotency key. One node reads it from the log.
TEST_F(RedisTails, PutsBackWhatTheBodyDoesNotSayOfAMessageId) {
  const auto node = make_follower(server_.unix_url());
  const auto retry = [&](BrokerNode& by, const std::string& key, std::uint64_t offset) {
    const auto position = by.publish({kRoom, "\"data\":1", "\x01", key, true});
    ASSERT_TRUE(position && *position);
    EXPECT_EQ((*position)->offset, offset) << key;
  };
  const auto deaf = make_follower(server_.unix_url());
  for (int i = 1; i <= 3; ++i) retry(*node, std::to_string(i), static_cast<std::uint64_t>(i));
  publish(*node, "4");
  for (BrokerNode* one : {node.get(), deaf.get()}) ASSERT_TRUE(run_until_received(*one, 4));
  const auto reader = make_follower(server_.unix_url());
  const auto history = reader->history({kRoom, 0, 100, false});
  ASSERT_TRUE(history && *history);
  reader->logs[kRoom].tail = (*history)->publications;
  run_until_leases_are_new(*node, 3);
  node->logs[kRoom].tail.clear();
  deaf->logs[kRoom].tail.clear();
  restart_empty();
  for (BrokerNode* one : {node.get(), deaf.get(), reader.get()}) ASSERT_TRUE(run_until_back(*one));
  EXPECT_EQ(reader->broker->counters().put_back, 4U);
  for (int i = 3; i >= 1; --i) retry(*deaf, std::to_string(i), static_cast<std::uint64_t>(i));
  EXPECT_EQ(publish(*deaf, "4").offset, 4U);
  retry(*deaf, "5", 5);
  // Once more, by one that has heard of it.
  ASSERT_TRUE(run_until_received(*deaf, 5));
  run_until_leases_are_new(*node, 3);
  restart_empty();
  for (BrokerNode* one : {node.get(), deaf.get(), reader.get()}) {
    ASSERT_TRUE(one->run_until([&] { return one->broker->counters().store_lives == 2; }));
  }
  retry(*node, "5", 5);
}

// ---- What was rewritten

class RedisTailsRewritten : public RedisTails {
 protected:
  // Two nodes follow the room, in which three publications are.
  void start(const std::string& other_url) {
    one_ = make_follower(server_.unix_url());
    other_ = make_follower(other_url);
    publish_all(*one_, 1, 3);
    for (BrokerNode* node : {one_.get(), other_.get()}) ASSERT_TRUE(run_until_received(*node, 3));
  }
  void rewrite(std::uint64_t offset, const std::string& text) {
    const std::string made = body(text);
    const auto done = one_->rewrite({kRoom, offset, "", "", made});
    ASSERT_TRUE(done && *done == Rewritten::kDone);
    ++rewrites_;
    ASSERT_TRUE(one_->run_until([&] { return one_->rewritten.size() == rewrites_; }));
  }
  void expect_back(const std::string& wanted) {
    for (BrokerNode* node : {one_.get(), other_.get()}) ASSERT_TRUE(run_until_back(*node));
    EXPECT_EQ(bodies(*one_, kRoom), wanted);
    expect_epoch(*one_, one_->logs[kRoom].top.epoch);
    EXPECT_EQ(one_->broker->counters().store_epoch_changes +
                  other_->broker->counters().store_epoch_changes,
              0U);
  }

  std::unique_ptr<BrokerNode> one_;
  std::unique_ptr<BrokerNode> other_;
  std::size_t rewrites_ = 0;
};

TEST_F(RedisTailsRewritten, IsPutBackWithAllThatIsAroundIt) {
  start(server_.unix_url());
  rewrite(2, "two");
  rewrite(1, "one");
  rewrite(2, "zwei");
  ASSERT_TRUE(other_->run_until([&] { return other_->rewritten.size() == 3; }));
  run_until_leases_are_new(*one_, 2);
  restart_empty();
  expect_back(body("one") + ' ' + body("zwei") + ' ' + body("3"));
  // It goes on from there.
  rewrite(3, "drei");
  EXPECT_EQ(bodies(*other_, kRoom), body("one") + ' ' + body("zwei") + ' ' + body("drei"));
  EXPECT_EQ(one_->logs[kRoom].tail.size(), 3U);
}

TEST_F(RedisTailsRewritten, IsPutBackWhereTheStoreHasWhatItWas) {
  start(server_.unix_url());
  rewrite(2, "two");
  server_.command({"SAVE"});
  rewrite(2, "zwei");
  rewrite(3, "drei");
  ASSERT_TRUE(other_->run_until([&] { return other_->rewritten.size() == 3; }));
  run_until_leases_are_new(*one_, 2);
  restart_from_snapshot();
  expect_back(body("1") + ' ' + body("zwei") + ' ' + body("drei"));
}

// The store has another publication in front of one that was rewritten, of which it knows nothing.
TEST_F(RedisTailsRewritten, DoesNotHideAnotherHistory) {
  start(server_.unix_url());
  const std::string epoch = one_->logs[kRoom].top.epoch;
  rewrite(3, "drei");
  ASSERT_TRUE(other_->run_until([&] { return other_->rewritten.size() == 1; }));
  server_.command({"DEL", kStream, kRewrites});
  server_.command({"HDEL", kHash, "w"});
  for (const std::string id : {"1", "x", "3"}) {
    server_.command({"XADD", kStream, (id == "x" ? "2" : id) + "-0", "b", body(id)});
  }
  server_.command({"SAVE"});
  restart_from_snapshot();
  for (BrokerNode* node : {one_.get(), other_.get()}) ASSERT_TRUE(run_until_back(*node));
  EXPECT_FALSE(top(*one_).descends_from(epoch, 1));
}

// It came later, and only knows it from the log.
TEST_F(RedisTailsRewritten, IsPutBackByANodeThatHasReadIt) {
  for (const bool is_saved : {true, false}) {
    start(server_.unix_url());
    rewrite(2, "two");
    other_ = make_follower(server_.unix_url());
    const auto history = other_->history({kRoom, 0, 100, false});
    ASSERT_TRUE(history && *history);
    other_->logs[kRoom].tail = (*history)->publications;
    one_ = make_follower(server_.unix_url());
    if (is_saved) {  // when that had not been written yet
      server_.command({"DEL", kRewrites});
      server_.command({"HDEL", kHash, "w"});
      server_.command({"SAVE"});
    }
    run_until_leases_are_new(*other_, 2);
    is_saved ? restart_from_snapshot() : restart_empty();
    expect_back(body("1") + ' ' + body("two") + ' ' + body("3"));
    one_.reset();
    other_.reset();
    server_.command({"FLUSHALL"});
    rewrites_ = 0;
  }
}

// Notices of the first ones came before it followed the room.
TEST_F(RedisTailsRewritten, IsTakenFromTheNodeThatHoldsMost) {
  Relay relay(loop_, server_.port());
  const std::string url = "redis://127.0.0.1:" + std::to_string(relay.port());
  one_ = make_follower(url);
  publish_all(*one_, 1, 3);
  ASSERT_TRUE(run_until_received(*one_, 3));
  rewrite(1, "one");
  rewrite(2, "two");
  other_ = make_follower(server_.unix_url());
  const auto history = other_->history({kRoom, 0, 100, false});
  ASSERT_TRUE(history && *history);
  other_->logs[kRoom].tail = (*history)->publications;
  rewrite(3, "three");
  rewrite(2, "zwei");
  ASSERT_TRUE(other_->run_until([&] { return other_->rewritten.size() == 2; }));
  run_until_leases_are_new(*other_, 2);
  server_.command({"DEL", kRewrites});  // before the copy is made, they were not there yet
  server_.command({"HDEL", kHash, "w"});
  server_.command({"SAVE"});
  run_until_leases_are_new(*other_, 2);
  relay.swallow_answers_where_client_said("SETNAME");
  restart_from_snapshot();
  ASSERT_TRUE(other_->run_until([&] { return life_has("p:"); }));
  relay.swallow_answers_where_client_said("");
  relay.redirect(server_.port());
  expect_back(body("one") + ' ' + body("zwei") + ' ' + body("three"));
}

// The store has lost what it knows, and others have gone on: the same numbers mean other ones now.
TEST_F(RedisTailsRewritten, DoesNotUndoWhatWasRewrittenWithoutIt) {
  node_settings_.return_ms = 1;
  Relay relay(loop_, server_.port());
  start("redis://127.0.0.1:" + std::to_string(relay.port()));
  const std::string epoch = one_->logs[kRoom].top.epoch;
  rewrite(1, "one");
  rewrite(2, "two");
  ASSERT_TRUE(other_->run_until([&] { return other_->rewritten.size() == 2; }));
  one_ = make_follower(server_.unix_url());
  server_.command({"DEL", kRewrites});
  server_.command({"HDEL", kHash, "w"});
  server_.command({"SAVE"});
  run_until_leases_are_new(*one_, 2);
  relay.swallow_answers_where_client_said("SETNAME");
  restart_from_snapshot();
  ASSERT_TRUE(run_until_back(*one_));
  rewrites_ = 0;
  rewrite(2, "deleted");  // the first one, for the store
  relay.swallow_answers_where_client_said("");
  relay.redirect(server_.port());
  ASSERT_TRUE(run_until_back(*other_));
  EXPECT_EQ(bodies(*other_, kRoom), body("one") + ' ' + body("deleted") + ' ' + body("3"));
  EXPECT_NE(top(*one_).epoch, epoch);
  EXPECT_TRUE(top(*one_).descends_from(epoch, 3));
  EXPECT_THAT(other_->rewritten, ::testing::SizeIs(::testing::Gt(2U)));  // it is told to look
}

// It holds the text that was deleted, and does not know that.
TEST_F(RedisTailsRewritten, IsNotUndoneByANodeThatHasMissedIt) {
  for (const bool is_saved : {false, true}) {
    Relay relay(loop_, server_.port());
    start("redis://127.0.0.1:" + std::to_string(relay.port()));
    if (is_saved) server_.command({"SAVE"});
    run_until_leases_are_new(*one_, 2);
    relay.hold(true, true);
    rewrite(3, "deleted");
    server_.kill();
    relay.cut();
    relay.hold(false, false);
    if (!is_saved) server_.lose_data();
    server_.start();
    expect_back(body("1") + ' ' + body("2") + ' ' + body("deleted"));
    one_.reset();
    other_.reset();
    server_.command({"FLUSHALL"});
    rewrites_ = 0;
  }
}

}  // namespace
}  // namespace chirm
