// SPDX-License-Identifier: MIT
#pragma once
// Runs a loop in a test until something is true. No sleeps.

#include <cstdint>
#include <cstdio>
#include <functional>
#include <string>
#include <utility>

#include "core/loop/loop.h"
#include "core/loop/timer.h"
#include "tests/support/death_watch.h"

namespace chirm::testing {

// Only ends tests that fail: however busy the machine is, what a test waits for comes sooner.
inline constexpr std::uint64_t kDeadlineMs = 60'000;

// Returns whether is_done() became true before the deadline; false at once when a server of the
// test has died.
inline bool run_until(Loop& loop, const std::function<bool()>& is_done,
                      std::uint64_t deadline_ms = kDeadlineMs) {
  const std::uint64_t end_ns = Loop::clock_ns() + deadline_ms * 1'000'000;
  bool is_true = is_done();
  Timer check(loop, [&] {
    is_true = is_done();
    const std::string death = is_true ? std::string() : DeathWatch::find();
    if (!death.empty()) std::fprintf(stderr, "%s\n", death.c_str());
    if (is_true || !death.empty() || Loop::clock_ns() >= end_ns) loop.stop();
  });
  check.start_repeating(1);
  if (!is_true) loop.run();
  return is_true;
}

// Time jumps by so much. What has become due by then has run once when this returns.
inline void pass_ms(Loop& loop, std::uint64_t ms) {
  loop.skip_ms(ms);
  bool has_run = false;
  (void)run_until(loop, [&] { return std::exchange(has_run, true); });
}

// As run_until(), for what comes only after some time: `step_ms` of it pass with each look, once in
// a millisecond. What is on its way meanwhile (an answer of Redis, say) comes no sooner than ever:
// its deadline must be much further away than what is waited for.
inline bool pass_until(Loop& loop, const std::function<bool()>& is_done,
                       std::uint64_t step_ms = 100) {
  return run_until(loop, [&] {
    const bool is_true = is_done();
    if (!is_true) loop.skip_ms(step_ms);
    return is_true;
  });
}

// For what is found out by asking, which runs the loop by itself: asks until the answer is right.
// Returns as run_until() does.
inline bool ask_until(const std::function<bool()>& is_right,
                      std::uint64_t deadline_ms = kDeadlineMs) {
  const std::uint64_t end_ns = Loop::clock_ns() + deadline_ms * 1'000'000;
  while (!is_right()) {
    // What is asked runs the loop by run_until(), which returns at once when a server has died: to
    // ask on would only be a busy wait.
    if (Loop::clock_ns() >= end_ns || !DeathWatch::find().empty()) return false;
  }
  return true;
}

}  // namespace chirm::testing
