// SPDX-License-Identifier: MIT
// Health is proven: whatever keeps a publication from being stored or from arriving is found, said,
// and over as soon as it is over.

#include "tests/core/broker/redis/redis_fixture.h"
#include "tests/support/relay.h"

namespace chirm {
namespace {

using testing::BrokerNode;
using ::testing::HasSubstr;
using testing::RedisServer;
using testing::Relay;

class RedisHealth : public testing::RedisTest {
 protected:
  RedisHealth() {
    link_settings_.probe_period_ms = 100;
    server_.start();
  }

  std::string relay_url() const { return "redis://127.0.0.1:" + std::to_string(relay_.port()); }
  bool run_until(BrokerNode& node, Health health) {
    return node.run_until([&] { return node.broker->health() == health; });
  }
  static StoreHealth store(const BrokerNode& node) { return node.broker->stores().at(0); }

  RedisServer server_{{.configuration = {}, .arguments = {}, .has_tcp = true, .is_started = false}};
  Relay relay_{loop_, server_.port()};
};

TEST_F(RedisHealth, IsReadyOnceAProbeHasComeBackAndStaysSo) {
  link_settings_.probe_period_ms =
      2000;  // ready for three periods: no pause of the machine ends it
  const auto node = make_node(server_.tcp_url());
  EXPECT_EQ(node->broker->health(), Health::kAway);
  EXPECT_THAT(store(*node).problem, HasSubstr("connecting"));
  EXPECT_FALSE(store(*node).probe.has_value());
  ASSERT_TRUE(run_until(*node, Health::kReady));
  ASSERT_TRUE(store(*node).probe.has_value());
  EXPECT_GT(store(*node).probe->round_trip_us, 0U);
  EXPECT_EQ(store(*node).problem, "");
  EXPECT_EQ(store(*node).name, "127.0.0.1:" + std::to_string(server_.port()));
  EXPECT_EQ(times_logged("is ready: a probe came back after"), 0U);  // at the next period
  bool was_ever_unready = false;
  ASSERT_TRUE(node->run_until([&] {
    was_ever_unready |= node->broker->health() != Health::kReady;
    return times_logged("is ready: a probe came back after") == 1;
  }));
  EXPECT_FALSE(was_ever_unready);
  EXPECT_EQ(node->broker->counters().link_losses, 0U);
}

TEST_F(RedisHealth, IsNotReadyBeforeTheFirstProbeHasComeBack) {
  server_.command({"CONFIG", "SET", "maxmemory", "1"});  // refuses probes, takes all else
  const auto node = make_node(server_.tcp_url());
  ASSERT_TRUE(run_until(*node, Health::kDegraded));
  EXPECT_THAT(store(*node).problem, HasSubstr("refuses to write: OOM"));
  EXPECT_FALSE(store(*node).probe.has_value());
}

TEST_F(RedisHealth, IsAwayWhileRedisHangsAndReadyAgainByItself) {
  const auto node = make_node(server_.tcp_url());
  ASSERT_TRUE(run_until(*node, Health::kReady));
  const std::int64_t proven_ms =
      loop_.unix_ms() - static_cast<std::int64_t>(store(*node).probe->age_ms);
  server_.suspend();
  const std::int64_t suspended_ms = loop_.unix_ms();
  ASSERT_TRUE(run_until(*node, Health::kAway));
  EXPECT_EQ(store(*node).problem, "does not answer");
  // It says since when nothing is proven: the last probe that came back was sent before Redis hung.
  constexpr std::int64_t kRoundingMs = 2;
  EXPECT_GE(store(*node).since_unix_ms, proven_ms - kRoundingMs);
  EXPECT_LE(store(*node).since_unix_ms, suspended_ms + kRoundingMs);
  ASSERT_TRUE(node->run_until([&] { return times_logged("is not ready: does not answer") == 1; }));
  server_.resume();
  ASSERT_TRUE(run_until(*node, Health::kReady));
  EXPECT_EQ(node->broker->counters().link_losses, 0U);
}

TEST_F(RedisHealth, FindsAPubSubLinkOnWhichNothingArrivesAndMakesItAgain) {
  const auto node = make_node(relay_url());
  ASSERT_TRUE(node->subscribe("room:a"));
  ASSERT_TRUE(run_until(*node, Health::kReady));
  relay_.swallow_answers_where_client_said("SUBSCRIBE");
  ASSERT_TRUE(run_until(*node, Health::kAway));
  EXPECT_EQ(store(*node).problem, "runs commands, but no probe comes back over Pub/Sub");
  ASSERT_TRUE(node->publish("room:a", "x"));  // as it says
  ASSERT_TRUE(node->run_until([&] { return times_logged("no message arrives") == 1; }));
  relay_.swallow_answers_where_client_said("");
  ASSERT_TRUE(run_until(*node, Health::kReady));
  EXPECT_THAT(node->maybe_missed, ::testing::ElementsAre("room:a"));
}

TEST_F(RedisHealth, FindsAPubSubLinkThatOnlyThisSideBelievesIn) {
  const auto node = make_node(relay_url());
  ASSERT_TRUE(run_until(*node, Health::kReady));
  relay_.keep_clients();
  server_.command({"CLIENT", "KILL", "TYPE", "pubsub"});
  ASSERT_TRUE(
      node->run_until([&] { return times_logged("does not know this subscription") == 1; }));
  ASSERT_TRUE(run_until(*node, Health::kReady));
}

TEST_F(RedisHealth, DoesNotMakeABusyLinkAgainWhoseProbesAreRefused) {
  link_settings_.probe_period_ms = 1000;  // degraded for three periods, whatever the machine does
  const auto node = make_node(server_.tcp_url());
  ASSERT_TRUE(run_until(*node, Health::kReady));
  server_.command({"CONFIG", "SET", "maxmemory", "1"});
  ASSERT_TRUE(run_until(*node, Health::kDegraded));
  EXPECT_THAT(store(*node).problem, HasSubstr("refuses to write: OOM"));
  const auto history = node->history({"room:a", 0, 10, false});
  EXPECT_TRUE(history.has_value());
  // That it is not made again can be told only by waiting: for more than the three periods after
  // which it would be.
  const std::uint64_t end_ms = loop_.now_ms() + 5 * link_settings_.probe_period_ms;
  ASSERT_TRUE(node->run_until([&] { return loop_.now_ms() >= end_ms; }));
  EXPECT_EQ(node->broker->health(), Health::kDegraded);
  EXPECT_EQ(node->broker->counters().link_losses, 0U);
  EXPECT_EQ(times_logged("is not ready: refuses to write: OOM"), 1U);
  server_.command({"CONFIG", "SET", "maxmemory", "0"});
  ASSERT_TRUE(run_until(*node, Health::kReady));
}

TEST_F(RedisHealth, IsAwayWhileItsRedisIsAReplica) {
  const auto node = make_node(server_.tcp_url());
  ASSERT_TRUE(run_until(*node, Health::kReady));
  server_.command({"REPLICAOF", "127.0.0.1", "1"});
  // Nobody publishes: the probe meets it.
  ASSERT_TRUE(run_until(*node, Health::kAway));
  EXPECT_THAT(store(*node).problem, HasSubstr("it is a slave, not a master"));
  server_.command({"REPLICAOF", "NO", "ONE"});
  ASSERT_TRUE(run_until(*node, Health::kReady));
}

TEST_F(RedisHealth, IsNotAwayForAMomentsLoss) {
  const auto node = make_node(server_.tcp_url());
  ASSERT_TRUE(run_until(*node, Health::kReady));
  link_settings_.probe_period_ms = 10'000;
  const auto patient = make_node(server_.tcp_url());
  ASSERT_TRUE(run_until(*patient, Health::kReady));
  server_.command({"CLIENT", "KILL", "TYPE", "normal"});
  ASSERT_TRUE(patient->run_until([&] { return patient->broker->health() != Health::kReady; }));
  EXPECT_EQ(patient->broker->health(), Health::kDegraded);
  ASSERT_TRUE(run_until(*patient, Health::kReady));  // long before the next period
}

}  // namespace
}  // namespace chirm
