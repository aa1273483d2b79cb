// SPDX-License-Identifier: MIT
// The network between the nodes and Redis, and the one that all of them share.
#include "tests/chaos/fault_functions.h"
#include "tests/chaos/lossy_network.h"

namespace chirm::chaos {

Task<bool> delay_redis(Injection& injection) {
  Arena& arena = injection.arena;
  const NodeClaim claim(arena, arena.take_node(injection.random, false));
  const std::uint64_t delay_ms = injection.random_ms(20, 300);
  const std::uint64_t lasts_ms = injection.random_ms(1000, 3000);
  injection.record.what = node_name(claim.node()) + ": " + std::to_string(delay_ms) +
                          " ms in each direction, for " + seconds(lasts_ms);
  testing::Relay& relay = arena.cluster().relay(claim.node());
  const std::uint64_t before = relay.late_bytes();
  relay.set_delay(delay_ms);
  (void)co_await arena.pause(lasts_ms);
  const bool were_late =
      co_await arena.pause_until([&relay, before] { return relay.late_bytes() > before; });
  relay.set_delay(0);
  if (were_late) {
    injection.record.trace = std::to_string(relay.late_bytes() - before) + " bytes came late";
  }
  co_return were_late;
}

// Sometimes the connections survive, sometimes the node has to make new ones.
Task<bool> partition_redis(Injection& injection) {
  Arena& arena = injection.arena;
  const NodeClaim claim(arena, arena.take_node(injection.random, false));
  const std::uint64_t lasts_ms = injection.random_ms(1000, 5000);
  const bool is_cut = injection.random.between(0, 1) == 1;
  injection.record.what =
      node_name(claim.node()) + " for " + seconds(lasts_ms) + (is_cut ? ", then cut" : "");
  testing::Relay& relay = arena.cluster().relay(claim.node());
  const std::uint64_t before = relay.late_bytes();
  relay.hold(true, true);
  (void)co_await arena.pause(lasts_ms);
  const bool were_held =
      co_await arena.pause_until([&relay, before] { return relay.late_bytes() > before; });
  if (is_cut) relay.cut();
  relay.hold(false, false);
  if (were_held) {
    injection.record.trace = std::to_string(relay.late_bytes() - before) + " bytes were held";
  }
  co_return were_held;
}

// What the nodes ask for is done, and they do not learn it: each has to ask again.
Task<bool> lose_answers(Injection& injection) {
  constexpr const char* kDuplicates = "chirm_broker_duplicates_total";
  Arena& arena = injection.arena;
  const std::uint64_t lasts_ms = injection.random_ms(500, 1500);
  injection.record.what = "all nodes for " + seconds(lasts_ms);
  (void)co_await wait_for_links(injection);
  const double before = arena.total(kDuplicates);
  const auto each = [&arena](auto&& function) {
    for (std::size_t node = 0; node < arena.cluster().nodes(); ++node) {
      function(arena.cluster().relay(node));
    }
  };
  each([](testing::Relay& relay) { relay.hold(false, true); });
  (void)co_await wait_for_publishes(injection, lasts_ms);
  each([](testing::Relay& relay) {
    relay.cut();
    relay.hold(false, false);
  });
  co_return co_await expect_growth(injection, kDuplicates, before,
                                   "publishes were recognised as repeated");
}

// Everybody's: nodes, Redis, nginx and clients share a loopback.
Task<bool> lose_packets_for_a_while(Injection& injection) {
  const auto percent = static_cast<unsigned>(injection.random.between(1, 5));
  const std::uint64_t lasts_ms = injection.random_ms(1000, 3000);
  injection.record.what = std::to_string(percent) + " % for " + seconds(lasts_ms);
  lose_packets(percent);
  (void)co_await injection.arena.pause(lasts_ms);
  const std::uint64_t lost = lost_packets();
  lose_packets(0);
  if (lost > 0) injection.record.trace = std::to_string(lost) + " packets were lost";
  co_return lost > 0;
}

}  // namespace chirm::chaos
