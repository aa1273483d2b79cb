// SPDX-License-Identifier: MIT
#include <vector>

#include "tests/chaos/fault_functions.h"
#include "tests/support/http_get.h"

namespace chirm::chaos {

namespace {

bool is_answering(Arena& arena, std::size_t node, int patience_ms) {
  return testing::http_get(arena.cluster().node_port(node), "/healthz", patience_ms).status == 200;
}

}  // namespace

Task<bool> kill_node(Injection& injection) {
  Arena& arena = injection.arena;
  FaultRecord& record = injection.record;
  (void)co_await wait_for_clients(injection);
  const NodeClaim claim(arena, arena.take_node(injection.random, true));
  const std::uint64_t away_ms = injection.random_ms(1000, 2000);
  record.what = node_name(claim.node()) + ", back after " + seconds(away_ms);
  record.clients = arena.sessions(claim.node());
  record.begin_us = arena.kill_node(claim.node());
  (void)co_await arena.pause(away_ms);
  arena.start_node(claim.node());
  co_return co_await expect_outages(injection, record.clients, record.begin_us + kNoticedUs);
}

Task<bool> freeze_node(Injection& injection) {
  Arena& arena = injection.arena;
  FaultRecord& record = injection.record;
  const NodeClaim claim(arena, arena.take_node(injection.random, false));
  const std::size_t node = claim.node();
  const std::uint64_t frozen_ms = injection.random_ms(1000, 4000);
  record.what = node_name(node) + " for " + seconds(frozen_ms);
  arena.suspend_node(node);
  const bool is_silent = !is_answering(arena, node, kSilenceMs);
  (void)co_await arena.pause(frozen_ms);
  arena.resume_node(node);
  const bool is_back =
      co_await arena.pause_until([&arena, node] { return is_answering(arena, node, kAnswerMs); });
  const bool is_alive = !arena.cluster().node(node).exit_code();
  if (is_silent && is_back && is_alive) record.trace = "it did not answer, and then did again";
  co_return is_back;
}

Task<bool> drain_node(Injection& injection) {
  Arena& arena = injection.arena;
  (void)co_await wait_for_clients(injection);
  const NodeClaim claim(arena, arena.take_node(injection.random, true));
  const std::size_t node = claim.node();
  const std::size_t clients = arena.sessions(node);
  injection.record.what = node_name(node);
  arena.begin_drain(node);
  (void)co_await arena.pause_until(
      [&arena, node] { return arena.cluster().node(node).exit_code().has_value(); });
  // Its lease stays when Redis is away just then, and the others wait for it in vain.
  injection.record.kind.takes_node = !arena.has_left(node);
  arena.end_drain(node);
  const std::uint64_t drained_us = now_us();
  arena.start_node(node);
  co_return co_await expect_outages(injection, clients, drained_us + kNoticedUs);
}

// Redis has nothing any more, and the first to come to it is one that knows nothing. The others,
// which have what Redis lost, come when that one has begun.
Task<bool> put_fresh_node_first(Injection& injection) {
  constexpr std::uint64_t kSettleMs = 6000;  // longer than a node waits for others
  Arena& arena = injection.arena;
  FaultRecord& record = injection.record;
  testing::Cluster& cluster = arena.cluster();
  (void)co_await wait_for_clients(injection);
  std::vector<std::unique_ptr<NodeClaim>> claims;
  claims.push_back(std::make_unique<NodeClaim>(arena, arena.take_node(injection.random, true)));
  while (claims.size() < cluster.nodes()) {
    claims.push_back(std::make_unique<NodeClaim>(arena, arena.take_node(injection.random, false)));
  }
  const std::size_t fresh = claims.front()->node();
  const bool is_restart = injection.random.between(0, 1) == 1;
  const bool are_frozen = injection.random.between(0, 1) == 1;
  const std::uint64_t later_ms = injection.random_ms(0, 2000);
  record.what = node_name(fresh) + ", Redis " +
                (is_restart ? "restarted without data" : "emptied by FLUSHALL") + ", the others " +
                (are_frozen ? "frozen" : "cut off");
  const double before = signs_of_loss(arena);
  record.clients = arena.sessions(fresh);
  record.begin_us = arena.kill_node(fresh);
  const auto each_other = [&claims](auto&& function) {
    for (std::size_t i = 1; i < claims.size(); ++i) function(claims[i]->node());
  };
  each_other([&](std::size_t node) {
    are_frozen ? arena.suspend_node(node) : cluster.relay(node).hold(true, true);
  });
  if (is_restart) {
    arena.redis().kill();
    arena.redis().lose_data();
    arena.redis().start();
  } else {
    (void)arena.redis().command({"FLUSHALL"});
  }
  arena.start_node(fresh);
  const auto is_ready = [&cluster, fresh] {
    return testing::http_get(cluster.node_port(fresh), "/readyz", kAnswerMs).status == 200;
  };
  const bool was_first = co_await arena.pause_until(is_ready, kSettleMs);
  record.what += was_first ? ", until it was ready" : ", while it waited for them";
  (void)co_await arena.pause(later_ms);
  each_other([&](std::size_t node) {
    if (are_frozen) return arena.resume_node(node);
    cluster.relay(node).cut();
    cluster.relay(node).hold(false, false);
  });
  claims.clear();
  co_return co_await expect_signs_of_loss(injection, before);
}

}  // namespace chirm::chaos
