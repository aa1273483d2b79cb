// SPDX-License-Identifier: MIT
#include <filesystem>

#include "tests/chaos/fault_functions.h"

namespace chirm::chaos {

Task<bool> kill_redis(Injection& injection) {
  Arena& arena = injection.arena;
  const std::uint64_t away_ms = injection.random_ms(300, 1500);
  injection.record.what = "back after " + seconds(away_ms);
  (void)co_await wait_for_links(injection);
  const double before = arena.total(kLinkLosses);
  arena.redis().kill();
  (void)co_await arena.pause(away_ms);
  arena.redis().start();
  co_return co_await expect_growth(injection, kLinkLosses, before, "links lost");
}

Task<bool> freeze_redis(Injection& injection) {
  Arena& arena = injection.arena;
  const std::uint64_t frozen_ms = injection.random_ms(1000, 4000);
  injection.record.what = "for " + seconds(frozen_ms);
  arena.redis().suspend();
  const bool is_silent = !arena.redis().answers(kSilenceMs);
  (void)co_await arena.pause(frozen_ms);
  arena.redis().resume();
  const bool is_back =
      co_await arena.pause_until([&arena] { return arena.redis().answers(kAnswerMs); });
  if (is_silent && is_back) injection.record.trace = "it did not answer, and then did again";
  co_return is_back;
}

Task<bool> cut_pubsub(Injection& injection) {
  Arena& arena = injection.arena;
  (void)co_await wait_for_links(injection);
  const double before = arena.total(kLinkLosses);
  injection.record.what =
      arena.redis().command({"CLIENT", "KILL", "TYPE", "pubsub"}) + " connections";
  co_return co_await expect_growth(injection, kLinkLosses, before, "links lost");
}

// ---- A Redis that forgets

Task<bool> wipe_redis(Injection& injection) {
  Arena& arena = injection.arena;
  injection.record.what = "FLUSHALL";
  const double before = signs_of_loss(arena);
  (void)arena.redis().command({"FLUSHALL"});
  co_return co_await expect_signs_of_loss(injection, before);
}

Task<bool> roll_back_redis(Injection& injection) {
  namespace fs = std::filesystem;
  Arena& arena = injection.arena;
  const std::uint64_t lost_ms = injection.random_ms(500, 2000);
  injection.record.what = "to what it had " + seconds(lost_ms) + " before";
  const fs::path data = fs::path(arena.redis().directory()) / "appendonlydir";
  const fs::path old_data = fs::path(arena.redis().directory()) / "older";
  fs::remove_all(old_data);
  // Redis may be writing: a torn end of the file is cut off when it is loaded.
  fs::copy(data, old_data);
  (void)co_await wait_for_publishes(injection, lost_ms);
  const double before = signs_of_loss(arena);
  arena.redis().kill();
  fs::remove_all(data);
  fs::rename(old_data, data);
  arena.redis().start();
  co_return co_await expect_signs_of_loss(injection, before);
}

Task<bool> restore_redis(Injection& injection) {
  Arena& arena = injection.arena;
  const bool is_log = injection.random.between(0, 1) == 1;
  // The first copy is only as old as the round.
  (void)co_await wait_for_publishes(injection, injection.random_ms(500, 2000));
  injection.record.what = std::string(is_log ? "append-only files" : "an RDB file") + " of " +
                          std::to_string(arena.copies().age_s()) + " s before";
  const double before = signs_of_loss(arena);
  arena.redis().kill();
  restore_redis_copy(arena.redis(), arena.copies().oldest(),
                     is_log ? RedisCopy::kLog : RedisCopy::kSnapshot);
  co_return co_await expect_signs_of_loss(injection, before);
}

// ---- A Redis that another one replaces

namespace {

constexpr std::uint64_t kFailoverMs = 15'000;  // longer than the Sentinel's failover-timeout
constexpr int kFailoverTriesMax = 4;

// The Sentinel promotes the replica, for the master has ended, or because it was asked to.
Task<bool> exchange_masters(Injection& injection, bool has_ended) {
  testing::Cluster& cluster = injection.arena.cluster();
  const bool is_promoted =
      co_await injection.arena.pause_until([&cluster] { return cluster.is_replica_promoted(); });
  if (!is_promoted) {
    injection.arena.troubles().emplace_back("Sentinel did not promote the replica");
    if (has_ended) cluster.redis().start();
    co_return false;
  }
  cluster.exchange_redis();
  if (has_ended) {
    cluster.replica().start();
    const std::string port = std::to_string(cluster.redis().port());
    (void)cluster.replica().command({"REPLICAOF", "127.0.0.1", port});
  }
  co_return co_await injection.arena.pause_until([&cluster] { return cluster.is_guarded(); });
}

}  // namespace

// The replica follows nobody for a while; what is acked meanwhile, it does not have.
Task<bool> fail_over(Injection& injection) {
  Arena& arena = injection.arena;
  const std::uint64_t lag_ms = injection.random_ms(200, 1000);
  injection.record.what = "to a replica that lags by " + seconds(lag_ms);
  (void)arena.cluster().replica().command({"REPLICAOF", "127.0.0.1", "1"});
  (void)co_await wait_for_publishes(injection, lag_ms);
  // Not what they put back: a node that is drained at the same time may have done all of it, and
  // takes its counters along.
  constexpr const char* kLives = "chirm_broker_store_lives_total";
  const double before = arena.total(kLives);
  arena.redis().kill();
  const bool is_done = co_await exchange_masters(injection, true);
  if (!is_done) co_return false;
  co_return co_await expect_growth(injection, kLives, before,
                                   "nodes compared what they hold with the new master");
}

Task<bool> fail_over_as_planned(Injection& injection) {
  Arena& arena = injection.arena;
  injection.record.what = "SENTINEL FAILOVER";
  (void)co_await wait_for_links(injection);
  const double before = arena.total(kLinkLosses);
  testing::Cluster& cluster = arena.cluster();
  // Refused while the failover before is still under way, as the Sentinel sees that, and given up
  // when it has not heard from the new replica yet.
  for (int tries = 0; tries < kFailoverTriesMax && !cluster.is_replica_promoted(); ++tries) {
    (void)co_await arena.pause_until([&cluster] {
      return cluster.sentinel().command({"SENTINEL", "FAILOVER", "main"}) == "OK";
    });
    (void)co_await arena.pause_until([&cluster] { return cluster.is_replica_promoted(); },
                                     kFailoverMs);
  }
  const bool is_done = co_await exchange_masters(injection, false);
  if (!is_done) co_return false;
  co_return co_await expect_growth(injection, kLinkLosses, before, "links lost");
}

}  // namespace chirm::chaos
