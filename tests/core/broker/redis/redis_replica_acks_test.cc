// SPDX-License-Identifier: MIT
// Acks that wait for replicas (--ack-replicas).

#include "tests/core/broker/redis/redis_fixture.h"
#include "tests/support/relay.h"

namespace chirm {
namespace {

using testing::BrokerNode;
using testing::RedisServer;
using testing::Relay;

class RedisReplicaAcksTest : public testing::RedisTest {
 protected:
  RedisReplicaAcksTest() {
    node_settings_.ack_replicas = 1;
    // It follows through the relay, so that a test can make it late.
    replica_.command({"REPLICAOF", "127.0.0.1", std::to_string(relay_.port())});
  }

  bool run_until_replica_follows(BrokerNode& node) {
    return node.run_until([&] {
      return replica_.command({"INFO", "replication"}).find("master_link_status:up") !=
             std::string::npos;
    });
  }
  void publish(BrokerNode& node, int number) {
    const std::string text = std::to_string(number);
    node.broker->publish({"room:a", text, "ada", text},
                         [this](const auto& position) { position ? ++acked_ : ++failed_; });
  }
  static int stored(const RedisServer& server) {
    return std::atoi(server.command({"XLEN", "chirm:{room:a}:s"}).c_str());
  }

  RedisServer master_{{.configuration = {},
                       .arguments = {"--repl-diskless-sync-delay", "0"},
                       .has_tcp = true,
                       .is_started = true}};
  RedisServer replica_{{.configuration = {}, .arguments = {}, .has_tcp = true, .is_started = true}};
  Relay relay_{loop_, master_.port()};
  int acked_ = 0;
  int failed_ = 0;
};

TEST_F(RedisReplicaAcksTest, ComeWhenTheReplicaHasWhatWasPublished) {
  const auto node = make_node(master_.tcp_url(), "node");
  ASSERT_TRUE(node->run_until_ready());
  ASSERT_TRUE(run_until_replica_follows(*node));
  publish(*node, 1);
  ASSERT_TRUE(node->run_until([&] { return acked_ == 1; }));
  EXPECT_EQ(stored(replica_), 1);

  relay_.hold(false, true);
  publish(*node, 2);
  // One round that finds no replica is over, and reading goes on beside it.
  ASSERT_TRUE(node->run_until([&] {
    return stored(master_) == 2 &&
           master_.command({"CLIENT", "LIST"}).find("cmd=wait") != std::string::npos;
  }));
  EXPECT_EQ(bodies(*node, "room:a"), "1 2");
  EXPECT_EQ(acked_, 1);
  relay_.hold(false, false);
  ASSERT_TRUE(node->run_until([&] { return acked_ == 2; }));
  EXPECT_EQ(stored(replica_), 2);
  EXPECT_EQ(failed_, 0);
}

// The replica is always 20 ms behind, so that the newest acks of a node that does not wait would be
// missing there.
TEST_F(RedisReplicaAcksTest, AreAllOnTheReplicaThatIsPromoted) {
  const auto node = make_node(master_.tcp_url(), "node");
  ASSERT_TRUE(node->run_until_ready());
  ASSERT_TRUE(run_until_replica_follows(*node));
  relay_.set_delay(20);
  int sent = 0;
  ASSERT_TRUE(node->run_until([&] {
    while (sent - acked_ < 100) publish(*node, ++sent);
    return acked_ >= 2000;
  }));
  const int acked = acked_;
  master_.kill();
  relay_.cut();  // what was under way is lost with it
  replica_.command({"REPLICAOF", "NO", "ONE"});
  EXPECT_GE(stored(replica_), acked);
  EXPECT_EQ(failed_, 0);
}

TEST_F(RedisReplicaAcksTest, AreRefusedWithoutAReplicaForRepetitionsToo) {
  settings_.hold_ms = 300;
  replica_.kill();
  const auto node = make_node(master_.tcp_url(), "node");
  ASSERT_TRUE(node->run_until_ready());
  publish(*node, 1);
  ASSERT_TRUE(node->run_until([&] { return failed_ == 1; }));
  publish(*node, 1);
  ASSERT_TRUE(node->run_until([&] { return failed_ == 2; }));
  EXPECT_EQ(acked_, 0);
  EXPECT_EQ(stored(master_), 1);
  EXPECT_EQ(times_logged("publishes fail"), 1U);

  replica_.start();
  replica_.command({"REPLICAOF", "127.0.0.1", std::to_string(relay_.port())});
  ASSERT_TRUE(run_until_replica_follows(*node));
  int sent = 2;
  ASSERT_TRUE(node->run_until([&] {
    if (acked_ + failed_ == sent && acked_ == 0) {
      ++sent;
      publish(*node, 1);
    }
    return acked_ > 0;
  }));
  EXPECT_EQ(stored(master_), 1);
  EXPECT_GE(times_logged("have what is published again"), 1U);
}

// The server that takes its place has a replica, too: that says nothing about what the old one had.
TEST_F(RedisReplicaAcksTest, AreNotGivenByAnotherServer) {
  RedisServer other{{.configuration = {},
                     .arguments = {"--repl-diskless-sync-delay", "0"},
                     .has_tcp = true,
                     .is_started = true}};
  RedisServer others_replica{
      {.configuration = {},
       .arguments = {"--replicaof", "127.0.0.1", std::to_string(other.port())},
       .has_tcp = true,
       .is_started = true}};
  node_settings_.return_ms = 100;
  Relay address(loop_, master_.port());
  const auto node = make_node("redis://127.0.0.1:" + std::to_string(address.port()), "node");
  ASSERT_TRUE(node->run_until_ready());
  ASSERT_TRUE(run_until_replica_follows(*node));
  relay_.hold(false, true);
  publish(*node, 1);
  ASSERT_TRUE(node->run_until([&] {
    return master_.command({"CLIENT", "LIST"}).find("cmd=wait") != std::string::npos;
  }));
  address.redirect(other.port());
  ASSERT_TRUE(node->run_until([&] { return acked_ + failed_ == 1; }));
  EXPECT_EQ(failed_, 1);
  publish(*node, 1);
  ASSERT_TRUE(node->run_until([&] { return acked_ == 1; }));
  EXPECT_EQ(stored(others_replica), 1);
}

// A master that has become a replica keeps its connections, and only the command link has a reason
// to leave it.
TEST_F(RedisReplicaAcksTest, AreAskedForAtTheMasterThatAFailoverHasMade) {
  Relay address(loop_, master_.port());
  const auto node = make_node("redis://127.0.0.1:" + std::to_string(address.port()), "node");
  ASSERT_TRUE(node->run_until_ready());
  ASSERT_TRUE(run_until_replica_follows(*node));
  publish(*node, 1);
  ASSERT_TRUE(node->run_until([&] { return acked_ == 1; }));

  address.redirect_new(replica_.port());
  ASSERT_TRUE(node->run_until([&] { return master_.command({"FAILOVER"}) == "OK"; }));
  ASSERT_TRUE(node->run_until([&] {
    return replica_.command({"INFO", "replication"}).find("connected_slaves:1") !=
           std::string::npos;
  }));
  int sent = 1;
  ASSERT_TRUE(node->run_until([&] {
    if (acked_ + failed_ == sent) publish(*node, ++sent);
    return acked_ >= 3;
  }));
  EXPECT_GT(times_logged("another server"), 0U);
}

class RedisReplicaAcksOfAUser : public RedisReplicaAcksTest {
 protected:
  RedisReplicaAcksOfAUser() { allow("+@all"); }

  void allow(const std::string& rights) {
    master_.command({"ACL", "SETUSER", "chirm", "on", ">secret", "~*", "&*", rights});
  }
  std::unique_ptr<BrokerNode> make_users_node() {
    return make_node("redis://chirm:secret@127.0.0.1:" + std::to_string(master_.port()), "node");
  }
};

TEST_F(RedisReplicaAcksOfAUser, ComeWhenWaitIsAllowedAgain) {
  const auto node = make_users_node();
  ASSERT_TRUE(node->run_until_ready());
  ASSERT_TRUE(run_until_replica_follows(*node));
  publish(*node, 1);
  ASSERT_TRUE(node->run_until([&] { return acked_ == 1; }));
  allow("-wait");
  publish(*node, 2);
  ASSERT_TRUE(node->run_until([&] { return times_logged("WAIT is refused") > 0; }));
  EXPECT_EQ(acked_, 1);
  allow("+wait");
  ASSERT_TRUE(node->run_until([&] { return acked_ == 2; }));
  EXPECT_EQ(failed_, 0);
  // When it was lost, and why it does not come back.
  EXPECT_LE(times_logged("WAIT is refused"), 2U);
}

TEST_F(RedisReplicaAcksOfAUser, AreRefusedWithoutTheRightAndNotForWantOfReplicas) {
  settings_.hold_ms = 300;
  allow("-wait");
  const auto node = make_users_node();
  ASSERT_TRUE(node->run_until_ready());
  ASSERT_TRUE(run_until_replica_follows(*node));
  for (int i = 1; i <= 3; ++i) {
    publish(*node, i);
    ASSERT_TRUE(node->run_until([&] { return failed_ == i; }));
  }
  EXPECT_EQ(times_logged("WAIT is refused"), 2U) << "by the link, and by those who gave up";
  EXPECT_EQ(times_logged("publishes fail"), 1U);
  EXPECT_EQ(times_logged("not 1 replicas"), 0U);
}

}  // namespace
}  // namespace chirm
