// SPDX-License-Identifier: MIT
// Redis is there, and refuses: the login, writes, or everything for a while.

#include "tests/core/broker/redis/redis_failure_fixture.h"

namespace chirm {
namespace {

using testing::Answer;

class RedisRefusal : public testing::RedisFailureTest {};

TEST_F(RedisRefusal, SaysOnceThatThePasswordIsWrongAndKeepsTrying) {
  server_.start();
  server_.command({"CONFIG", "SET", "requirepass", "right"});
  const auto node =
      make_node("redis://:s3cret@127.0.0.1:" + std::to_string(server_.port()), "node");
  Answer published;
  node->broker->publish({"room:a", "x", "", ""}, published.callback());
  ASSERT_TRUE(node->run_until([&] { return times_logged("WRONGPASS") == 2; }));  // each link
  EXPECT_EQ(times_logged("node commands cannot use 127.0.0.1:"), 1U) << log_.str();
  EXPECT_EQ(times_logged("s3cret"), 0U);
  // A Redis that takes the password comes up in its place.
  server_.kill();
  server_.start();
  ASSERT_TRUE(node->run_until([&] { return times_logged("without any password") != 0; }));
  server_.command({"CONFIG", "SET", "requirepass", "s3cret"});
  ASSERT_TRUE(node->run_until([&] { return published.is_there; }));
  EXPECT_FALSE(published.is_error);
  EXPECT_EQ(times_logged("s3cret"), 0U);
}

TEST_F(RedisRefusal, SaysThatAPasswordIsMissing) {
  server_.start();
  server_.command({"CONFIG", "SET", "requirepass", "right"});
  const auto node = make_node(server_.tcp_url());
  ASSERT_TRUE(node->run_until([&] { return times_logged("NOAUTH") == 2; }));
}

TEST_F(RedisRefusal, WaitsForAMasterAndKeepsTheOrder) {
  server_.start();
  const auto node = make_node(server_.tcp_url());
  bool is_replica = false;
  publish_all(*node, 1000, [&](int sent) {
    if (sent != 200 && sent != 300) return;
    // A replica without a master to reach, as after a failover.
    is_replica = !is_replica;
    server_.command(is_replica ? std::vector<std::string>{"REPLICAOF", "127.0.0.1", "1"}
                               : std::vector<std::string>{"REPLICAOF", "NO", "ONE"});
  });
  EXPECT_EQ(bodies(*node, "room:a"), numbers(1000));
}

TEST_F(RedisRefusal, DoesNotUseAReplica) {
  server_.start();
  server_.command({"REPLICAOF", "127.0.0.1", "1"});
  const auto node = make_node(server_.tcp_url());
  ASSERT_TRUE(node->run_until([&] { return times_logged("it is a slave, not a master") == 2; }));
  server_.command({"REPLICAOF", "NO", "ONE"});
  ASSERT_TRUE(node->run_until_ready());
}

TEST_F(RedisRefusal, WaitsForABusyRedisAndKeepsTheOrder) {
  server_.start();
  server_.command({"CONFIG", "SET", "busy-reply-threshold", "10"});
  const auto node = make_node(server_.tcp_url());
  ASSERT_TRUE(node->run_until_ready());
  server_.block_with_a_script();
  Answer first;
  Answer second;
  node->broker->publish({"room:a", "1", "", ""}, first.callback());
  node->broker->publish({"room:a", "2", "", ""}, second.callback());
  ASSERT_TRUE(node->run_until([&] { return times_logged("BUSY") != 0; }));
  EXPECT_FALSE(first.is_there || second.is_there);
  server_.command({"SCRIPT", "KILL"});
  ASSERT_TRUE(node->run_until([&] { return first.is_there && second.is_there; }));
  EXPECT_FALSE(first.is_error || second.is_error);
  EXPECT_EQ(bodies(*node, "room:a"), "1 2");
}

TEST_F(RedisRefusal, FailsPublishesAtOnceWhenRedisHasNoMemoryAndSaysSoOnce) {
  server_.start();
  const auto node = make_node(server_.tcp_url());
  ASSERT_TRUE(node->publish("room:a", "x"));
  server_.command({"CONFIG", "SET", "maxmemory", "1"});
  for (int i = 0; i < 100; ++i) {
    const auto refused = node->publish({"room:b", "x", "ada", "id"});
    ASSERT_TRUE(refused.has_value());
    ASSERT_FALSE(refused->has_value());
    // The latter once it has been looked whether there is room.
    EXPECT_TRUE(refused->error() == errors::kInternal || refused->error() == errors::kStoreFull);
  }
  EXPECT_EQ(times_logged("refused: OOM"), 1U) << log_.str();
  EXPECT_EQ(bodies(*node, "room:a"), "x");  // reading works
  server_.command({"CONFIG", "SET", "maxmemory", "0"});
  // It is known at the next look.
  EXPECT_TRUE(node->publish_until("room:b", [](const auto& answer) { return answer.has_value(); }));
  EXPECT_EQ(bodies(*node, "room:b"), "x");
}

TEST_F(RedisRefusal, FailsPublishesWhenReplicasAreMissing) {
  server_.start();
  const auto node = make_node(server_.tcp_url());
  ASSERT_TRUE(node->run_until_ready());
  server_.command({"CONFIG", "SET", "min-replicas-to-write", "1"});
  const auto refused = node->publish("room:a", "x");
  ASSERT_TRUE(refused.has_value());
  EXPECT_FALSE(refused->has_value());
  EXPECT_EQ(times_logged("NOREPLICAS"), 1U) << log_.str();
}

}  // namespace
}  // namespace chirm
