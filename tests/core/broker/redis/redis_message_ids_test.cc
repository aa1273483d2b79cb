// SPDX-License-Identifier: MIT
// For how long Redis remembers message ids, and by whose clock.

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <ctime>
#include <map>
#include <random>
#include <string>

#include "core/base/random.h"
#include "tests/core/broker/redis/redis_life_fixture.h"
#include "tests/support/stepped_clock.h"

namespace chirm {
namespace {

using testing::BrokerNode;
using testing::kRoom;
using testing::RedisServer;
using testing::SteppedClock;

class RedisMessageIds : public testing::RedisLifeTest {
 protected:
  std::uint64_t clock_ms() {
    return std::stoull(server_.command({"HGET", "chirm:life", "c"})) / 1000;
  }
  // The store's clock, and all nodes know of it.
  void advance(BrokerNode& node, std::uint64_t ms, std::size_t nodes = 1) {
    server_.command({"HINCRBY", "chirm:life", "c", std::to_string(1000 * ms)});
    run_until_leases_are_new(node, nodes);
  }
  std::uint64_t period_ms() const { return settings_.idempotency_ttl_ms * 5 / 4 + 2000; }
  // A silent channel's keys go by themselves.
  void expect_end(const std::string& key) {
    if (server_.command({"EXISTS", key}) == "0") return;
    EXPECT_GT(std::stoll(server_.command({"PTTL", key})), 0) << key;
  }
};

TEST_F(RedisMessageIds, AreRememberedForTheirTimeAndForgottenAfterTwoPeriods) {
  const auto node = make_follower(server_.unix_url());
  EXPECT_EQ(publish(*node, "1").offset, 1U);
  advance(*node, period_ms());
  EXPECT_EQ(publish(*node, "1").offset, 1U);
  EXPECT_EQ(publish(*node, "2").offset, 2U);
  EXPECT_EQ(publish(*node, "1").offset, 1U);
  EXPECT_EQ(server_.command({"HEXISTS", "chirm:{room:a}:m:j", "3:ada1"}), "1");
  for (const char* end : {"m:i", "m:j"}) expect_end("chirm:{room:a}:" + std::string(end));
  advance(*node, period_ms());
  EXPECT_EQ(publish(*node, "2").offset, 2U);
  EXPECT_EQ(publish(*node, "1").offset, 3U);
  advance(*node, 4 * period_ms());
  EXPECT_EQ(publish(*node, "2").offset, 4U);
}

// When ids have gone by Redis' clock within a period, and when nothing of the channel is there but
// ids.
TEST_F(RedisMessageIds, LeaveNoKeyForEver) {
  const auto node = make_follower(server_.unix_url());
  publish(*node, "1");
  server_.command({"DEL", "chirm:{room:a}:m:i"});
  publish(*node, "2");
  expect_end("chirm:{room:a}:m:i");
  server_.command({"DEL", "chirm:{room:a}:m", "chirm:{room:a}:s"});
  publish(*node, "2");
  for (const char* end : {"m", "s", "m:i", "m:j"}) {
    expect_end("chirm:{room:a}:" + std::string(end));
  }
}

// A store whose life was deleted, or whose nodes went by their own clocks before.
TEST_F(RedisMessageIds, AreForgottenAgainWhenTheClockIsFarBehindTheirPeriod) {
  const auto node = make_follower(server_.unix_url());
  publish(*node, "1");
  server_.command({"HSET", "chirm:{room:a}:m:i", "", "1700000000000"});
  EXPECT_EQ(publish(*node, "1").offset, 1U);
  EXPECT_EQ(publish(*node, "2").offset, 2U);
  for (int round = 0; round < 2; ++round) {
    advance(*node, period_ms());
    publish(*node, "x" + std::to_string(round));
  }
  EXPECT_EQ(publish(*node, "1").offset, 5U);
}

TEST_F(RedisMessageIds, AreRememberedWhenTheirTimeIsChanged) {
  settings_.idempotency_ttl_ms = 60'000;
  auto node = make_node(server_.unix_url());
  advance(*node, 100'000);
  publish(*node, "0");
  settings_.idempotency_ttl_ms = 300'000;
  node = make_node(server_.unix_url());
  ASSERT_TRUE(node->run_until_ready());
  advance(*node, 250'000);
  const std::uint64_t offset = publish(*node, "fresh").offset;
  for (int i = 0; i < 10; ++i) {
    advance(*node, 29'000);
    EXPECT_EQ(publish(*node, "fresh").offset, offset) << i;
  }
}

// Whatever the times between: as long as its time is not over, no message is stored twice.
TEST_F(RedisMessageIds, AreRememberedForTheirTimeAtLeast) {
  const std::uint64_t seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  Random random(seed);
  const auto one = make_follower(server_.unix_url());
  const auto other = make_follower(server_.unix_url());
  struct Sent {
    std::uint64_t offset = 0;
    std::uint64_t at_ms = 0;
  };
  std::map<std::string, Sent> sent;
  std::uint64_t fresh = 0;
  for (int step = 0; step < 40; ++step) {
    advance(*one, random.between(0, settings_.idempotency_ttl_ms / 2), 2);
    BrokerNode& node = random.between(0, 1) == 0 ? *one : *other;
    const std::string id = std::to_string(++fresh);
    sent[id] = {publish(node, id).offset, clock_ms()};
    for (const auto& [name, was] : sent) {
      const std::uint64_t offset = publish(node, name).offset;
      if (clock_ms() - was.at_ms < settings_.idempotency_ttl_ms) {
        ASSERT_EQ(offset, was.offset) << name << " at step " << step;
      }
    }
    // Those that were stored again would be counted from now on.
    std::erase_if(sent, [&](const auto& entry) {
      return clock_ms() - entry.second.at_ms >= settings_.idempotency_ttl_ms;
    });
  }
}

TEST_F(RedisMessageIds, GoByAClockThatIsNotFasterThanTime) {
  const std::uint64_t begin_ms = Loop::clock_ns() / 1'000'000;
  const auto one = make_follower(server_.unix_url());
  const auto other = make_follower(server_.unix_url());
  ASSERT_TRUE(one->run_until([&] { return clock_ms() > 200; }));
  const std::uint64_t clock = clock_ms();
  EXPECT_LE(clock, Loop::clock_ns() / 1'000'000 - begin_ms + 1);
  // It is the store's, and none of its own, that a node goes by.
  server_.command({"DEL", "chirm:life"});
  run_until_leases_are_new(*one, 2);
  EXPECT_GE(clock_ms(), clock);
}

TEST_F(RedisMessageIds, ArePutBackWhereTheClockBeginsAnew) {
  const auto node = make_follower(server_.unix_url());
  advance(*node, 100 * settings_.idempotency_ttl_ms);
  publish_all(*node, 1, 3);
  ASSERT_TRUE(run_until_received(*node, 3));
  restart_empty();
  ASSERT_TRUE(run_until_back(*node));
  EXPECT_LT(clock_ms(), settings_.idempotency_ttl_ms);
  EXPECT_EQ(publish(*node, "2").offset, 2U);
  advance(*node, settings_.idempotency_ttl_ms / 2);
  EXPECT_EQ(publish(*node, "4").offset, 4U);
  EXPECT_EQ(publish(*node, "3").offset, 3U);
  EXPECT_EQ(publish(*node, "x", "room:b").offset, 1U);
  EXPECT_EQ(publish(*node, "x", "room:b").offset, 1U);
}

class RedisMessageIdsAtAnotherTime : public RedisMessageIds {
 protected:
  // A server of its own, as its clock is set.
  void run_until_off_by(RedisServer& server, std::int64_t seconds) {
    clock_->set(seconds);
    ASSERT_TRUE(testing::run_until(loop_, [&] {
      return std::abs(std::atoll(server.command({"TIME"}).c_str()) - time(nullptr) - seconds) < 60;
    }));
  }
  std::unique_ptr<SteppedClock> clock_;
};

TEST_F(RedisMessageIdsAtAnotherTime, AreRememberedWhenRedisClockIsSet) {
  const auto library = SteppedClock::find_library();
  if (!library) GTEST_SKIP() << "libfaketime is not installed (Debian's package faketime)";
  clock_ = std::make_unique<SteppedClock>(*library);
  RedisServer server({.configuration = {}, .arguments = {}, .environment = clock_->environment()});
  const auto node = make_node(server.unix_url());
  EXPECT_EQ(publish(*node, "1").offset, 1U);
  std::uint64_t newest = 1;
  for (const std::int64_t seconds : {3600, 0, -3600, 0, 80'000}) {
    run_until_off_by(server, seconds);
    EXPECT_EQ(publish(*node, "1").offset, 1U) << seconds;
    EXPECT_EQ(publish(*node, std::to_string(++newest)).offset, newest);
    EXPECT_EQ(publish(*node, std::to_string(newest)).offset, newest) << seconds;
  }
  EXPECT_EQ(node->broker->counters().duplicates, 10U);
}

}  // namespace
}  // namespace chirm
