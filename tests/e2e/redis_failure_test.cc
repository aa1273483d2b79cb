// SPDX-License-Identifier: MIT
// Redis stops, dies and loses its data while people talk.
#include <algorithm>

#include "client/options.h"
#include "core/broker/broker_settings.h"
#include "core/broker/redis/redis_commands.h"
#include "tests/e2e/cluster_test.h"

namespace chirm::testing {
namespace {

class RedisFailure : public ClusterTest {
 protected:
  // The outage is what is tested, so for once time has to pass.
  void let_pass(std::uint64_t ms) { ASSERT_TRUE(run_for(loop_, ms)); }
  // Sockets stay, and what is published waits instead of being refused.
  void expect_patience() {
    EXPECT_EQ(count_disconnects(), 0);
    for (std::size_t node = 0; node < cluster_->nodes(); ++node) {
      EXPECT_EQ(metric(node, "chirm_broker_publish_errors_total"), 0);
    }
  }
};

// What is held is refused before SDKs, and chirm's own clients, take their connection for lost.
TEST(DefaultHold, IsOverBeforeClientsGiveUp) {
  constexpr std::uint64_t kSdkTimeoutMs = 5000;
  const std::uint64_t hold_ms = BrokerSettings{}.hold_ms;
  const std::uint64_t refused_ms = hold_ms + expiry_period_ms(hold_ms);
  EXPECT_LT(refused_ms, kSdkTimeoutMs);
  EXPECT_LT(refused_ms, client::Options{}.command_timeout_ms);
  EXPECT_LT(refused_ms, client::Options{}.publish_timeout_ms);
}

TEST_F(RedisFailure, NobodyIsDisconnectedWhileRedisHangs) {
  // Longer than a ping and its answer may take, than publishes are held, and than each 5 s deadline
  // on the way. And the ping must not be answered fast: this process has all the clients in it.
  constexpr std::uint64_t kOutageMs = 21'000;
  start({.chirmd_arguments = {"--insecure", "--ping", "11", "--pong-timeout", "9"}});
  ASSERT_NO_FATAL_FAILURE(add_crowd(8));
  start_talking(8);
  talk_on(300);

  cluster_->redis().suspend();
  // More than a node reads from one client before the first of it is acknowledged.
  for (int i = 0; i < 300; ++i) people_.back()->say("room:a");
  let_pass(kOutageMs);
  const std::size_t before = ledger_.size();
  cluster_->redis().resume();
  talk_on(300);
  EXPECT_GT(ledger_.size(), before);
  stop_and_compare();
  // What was refused after --hold seconds was sent again, with the same id.
  EXPECT_EQ(count_disconnects(), 0);
  EXPECT_GT(metric(0, "chirm_broker_publish_errors_total"), 0);
}

TEST_F(RedisFailure, NobodyIsDisconnectedWhileRedisIsKilledAndBackAfter3s) {
  // However long Redis takes to start.
  start({.chirmd_arguments = {"--insecure", "--hold", "60"}});
  ASSERT_NO_FATAL_FAILURE(add_crowd(8));
  start_talking(8);
  talk_on(300);

  cluster_->redis().kill();
  let_pass(3000);
  cluster_->redis().start();
  talk_on(300);
  stop_and_compare();
  expect_patience();
}

TEST_F(RedisFailure, NobodyNoticesThatRedisHasLostItsDataWhenTheNodesHoldIt) {
  start();
  for (std::size_t i = 0; i < 9; ++i) add(cluster_->node_url(i % 3), {"room:a"});
  ASSERT_TRUE(wait_until_settled());
  start_talking(4);
  talk_on(200);
  stop_and_compare();
  // A node that has only just come would not be waited for.
  ASSERT_TRUE(run([&] {
    for (std::size_t node = 0; node < 3; ++node) {
      if (metric(node, "chirm_broker_leases") != 3) return false;
    }
    return true;
  }));
  Participant& away = *people_[8];
  away.client().disconnect();
  const std::size_t heard = people_[0]->room("room:a").seen.size();
  for (int i = 0; i < 20; ++i) people_[0]->say("room:a");
  ASSERT_TRUE(run([&] {
    return std::all_of(people_.begin(), people_.end() - 1, [&](const auto& one) {
      return one->room("room:a").seen.size() == heard + 20;
    });
  }));
  const std::string epoch = people_[0]->room("room:a").epoch;

  cluster_->redis().kill();
  cluster_->redis().lose_data();
  cluster_->redis().start();
  start_talking(4);
  talk_on(100);
  away.client().connect();  // with a position of the time before
  ASSERT_TRUE(run([&] { return away.room("room:a").recovered == 1; }));
  stop_and_compare();
  double put_back = 0;
  for (std::size_t node = 0; node < cluster_->nodes(); ++node) {
    put_back += metric(node, "chirm_broker_put_back_total");
  }
  EXPECT_GE(put_back, 200);
  for (const auto& one : people_) {
    EXPECT_EQ(one->room("room:a").epoch, epoch) << one->name();
    EXPECT_EQ(one->disconnects.size(), one.get() == &away ? 1U : 0U) << one->name();
  }
}

TEST_F(RedisFailure, WhoComesWhileRedisIsAwayIsServedWhenItIsBack) {
  start({.chirmd_arguments = {"--insecure", "--hold", "60"}});
  add(cluster_->node_url(0), {"room:a"});
  ASSERT_TRUE(wait_until_settled());
  start_talking(1);
  talk_on(50);
  cluster_->redis().kill();
  Participant& late = add(cluster_->node_url(1), {"room:a"});
  let_pass(1000);
  EXPECT_FALSE(late.is_settled());
  cluster_->redis().start();
  ASSERT_TRUE(wait_until_settled());
  talk_on(50);
  stop_and_compare();
  expect_patience();
}

TEST_F(RedisFailure, EverybodyIsToldWhenRedisHasLostItsData) {
  start();
  for (std::size_t i = 0; i < 9; ++i) add(cluster_->node_url(i % 3), {"room:a"});
  ASSERT_TRUE(wait_until_settled());
  for (int i = 0; i < 20; ++i) people_[0]->say("room:a");
  ASSERT_TRUE(run([&] {
    return std::all_of(people_.begin(), people_.end(),
                       [](const auto& one) { return one->room("room:a").seen.size() == 20; });
  }));
  Participant& away = *people_[8];
  away.client().disconnect();

  EXPECT_EQ(cluster_->redis().command({"FLUSHALL"}), "OK");
  people_[1]->client().publish("room:a", R"({"id":"after","text":"after the loss"})", nullptr);
  // Whoever is there has seen offset 20 of the old log, and is told.
  ASSERT_TRUE(run([&] {
    return std::all_of(people_.begin(), people_.end() - 1,
                       [](const auto& one) { return one->room("room:a").lost == 1; });
  }));
  away.client().connect();
  ASSERT_TRUE(run([&] { return away.room("room:a").lost == 1; }));
  ASSERT_TRUE(wait_until_settled());

  // From then on everybody hears everything again, in the new epoch.
  people_[2]->client().publish("room:a", R"({"id":"again","text":"as before"})", nullptr);
  ASSERT_TRUE(run([&] {
    return std::all_of(people_.begin(), people_.end(), [](const auto& one) {
      return one->room("room:a").seen.back().id == "again";
    });
  }));
  for (const auto& one : people_) {
    EXPECT_EQ(one->room("room:a").recovered, 0) << one->name();
    EXPECT_EQ(one->room("room:a").epoch, people_[0]->room("room:a").epoch) << one->name();
  }
}

// Who has heard everything has missed nothing when that is not kept any more.
TEST_F(RedisFailure, NobodyNoticesThatTheHistoryOfASilentRoomHasLapsed) {
  start({.nodes = 2});
  add(cluster_->node_url(0), {"room:a"});
  add(cluster_->node_url(1), {"room:a"});
  ASSERT_TRUE(wait_until_settled());
  for (int i = 0; i < 3; ++i) {
    people_.front()->say("room:a");
    ASSERT_TRUE(run([&] {
      return std::ranges::all_of(people_, [&](const auto& one) {
        return one->room("room:a").seen.size() == static_cast<std::size_t>(i) + 1;
      });
    }));
    // All that was kept goes, and with it all that says how to number it, as far as it has a time
    // to live that is shorter than a day.
    RedisServer& redis = cluster_->redis();
    redis.command({"PEXPIRE", "chirm:{room:a}:s", "1"});
    ASSERT_TRUE(run([&] { return redis.command({"EXISTS", "chirm:{room:a}:s"}) == "0"; }));
    EXPECT_GT(std::stoll(redis.command({"PTTL", "chirm:{room:a}:m"})), 86'000'000);
  }
  stop_and_compare();
  for (std::size_t node = 0; node < 2; ++node) {
    EXPECT_EQ(metric(node, "chirm_epoch_changes_total"), 0);
  }
}

}  // namespace
}  // namespace chirm::testing
