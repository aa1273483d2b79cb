// SPDX-License-Identifier: MIT
// Wall clocks that are set while everything runs, and set right some seconds later.
#include <cstdlib>
#include <ctime>
#include <fstream>
#include <iterator>

#include "tests/chaos/fault_functions.h"

namespace chirm::chaos {

namespace {

// Ahead or behind, as chance decides.
std::int64_t random_step(Random& random, std::uint64_t low, std::uint64_t high) {
  const auto step = static_cast<std::int64_t>(random.between(low, high));
  return random.between(0, 1) == 1 ? step : -step;
}

std::string text_of(std::int64_t step, std::uint64_t lasts_ms) {
  return std::to_string(std::abs(step)) + " s " + (step < 0 ? "behind" : "ahead") + ", for " +
         seconds(lasts_ms);
}

}  // namespace

Task<bool> step_node_clock(Injection& injection) {
  Arena& arena = injection.arena;
  const NodeClaim claim(arena, arena.take_node(injection.random, false));
  const std::int64_t step = random_step(injection.random, 60, 7200);
  const std::uint64_t lasts_ms = injection.random_ms(1000, 4000);
  injection.record.what = node_name(claim.node()) + " " + text_of(step, lasts_ms);
  arena.clock(claim.node()).set(step);
  (void)co_await arena.pause(testing::SteppedClock::kNoticedMs + lasts_ms);
  // It says nowhere what time it is. That the library is in the process has to be enough: in Redis
  // it is seen to work.
  std::ifstream maps("/proc/" + std::to_string(arena.cluster().node(claim.node()).pid()) + "/maps");
  const std::string mapped{std::istreambuf_iterator<char>(maps), {}};
  if (mapped.find("libfaketime") != mapped.npos) injection.record.trace = "its clock was set";
  arena.clock(claim.node()).set(0);
  co_return co_await arena.pause(testing::SteppedClock::kNoticedMs);
}

// By up to much more than message ids are kept for, and less than histories are: nothing may come
// of it.
Task<bool> step_redis_clock(Injection& injection) {
  Arena& arena = injection.arena;
  const std::int64_t step = random_step(injection.random, 60, 7200);
  const std::uint64_t lasts_ms = injection.random_ms(1000, 4000);
  injection.record.what = text_of(step, lasts_ms);
  arena.redis_clock().set(step);
  (void)co_await arena.pause(testing::SteppedClock::kNoticedMs + lasts_ms);
  const std::int64_t off_by = std::atoll(arena.redis().command({"TIME"}).c_str()) - time(nullptr);
  if (std::abs(off_by - step) <= 2) {
    injection.record.trace = "its TIME was off by " + std::to_string(off_by) + " s";
  }
  arena.redis_clock().set(0);
  co_return co_await arena.pause(testing::SteppedClock::kNoticedMs);
}

}  // namespace chirm::chaos
