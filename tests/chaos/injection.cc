// SPDX-License-Identifier: MIT
#include "tests/chaos/injection.h"

namespace chirm::chaos {

std::string seconds(std::uint64_t ms) {
  return std::to_string(ms / 1000) + '.' + std::to_string(ms % 1000 / 100) + " s";
}

std::string node_name(std::size_t node) { return "node " + std::to_string(node); }

Task<bool> expect_outages(Injection& injection, std::size_t clients, std::uint64_t until_us) {
  if (clients == 0) co_return false;
  Arena& arena = injection.arena;
  FaultRecord& record = injection.record;
  const auto count = [&arena, &record, until_us] {
    arena.journal().update();
    return arena.journal().count_victims(record.victims_from_us(), until_us);
  };
  const bool are_back =
      co_await arena.pause_until([&count, clients] { return 3 * count() > 2 * clients; });
  if (are_back) {
    record.trace = std::to_string(count()) + " clients lost their connection and came back";
  }
  co_return are_back;
}

Task<bool> expect_growth(Injection& injection, std::string_view counter, double before,
                         std::string_view meaning) {
  Arena& arena = injection.arena;
  const bool has_grown = co_await arena.pause_until(
      [&arena, counter, before] { return arena.total(counter) > before; });
  if (has_grown) {
    std::string& trace = injection.record.trace;
    trace = std::to_string(static_cast<long>(arena.total(counter) - before)) + ' ';
    trace += meaning;
  }
  co_return has_grown;
}

Task<bool> wait_for_links(Injection& injection) {
  Arena& arena = injection.arena;
  co_return co_await arena.pause_until([&arena] { return arena.are_nodes_ready(); });
}

Task<bool> wait_for_clients(Injection& injection) {
  Arena& arena = injection.arena;
  co_return co_await arena.pause_until([&arena] { return arena.all_sessions() > 0; });
}

Task<bool> wait_for_publishes(Injection& injection, std::uint64_t ms) {
  constexpr const char* kPublishes = "chirm_broker_publishes_total";
  Arena& arena = injection.arena;
  const double before = arena.total(kPublishes);
  (void)co_await arena.pause(ms);
  co_return co_await arena.pause_until(
      [&arena, before] { return arena.total(kPublishes) > before; });
}

double signs_of_loss(Arena& arena) {
  return arena.total("chirm_epoch_changes_total") + arena.total("chirm_unrecovered_total") +
         arena.total("chirm_broker_put_back_total");
}

Task<bool> expect_signs_of_loss(Injection& injection, double before) {
  Arena& arena = injection.arena;
  (void)co_await arena.pause_until([&arena] { return arena.are_nodes_ready(); });
  const bool have_noticed =
      co_await arena.pause_until([&arena, before] { return signs_of_loss(arena) > before; });
  if (have_noticed) {
    injection.record.trace = std::to_string(static_cast<long>(signs_of_loss(arena) - before)) +
                             " epochs changed, tails put back, subscriptions not recovered";
  }
  co_return have_noticed;
}

}  // namespace chirm::chaos
