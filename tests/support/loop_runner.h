// SPDX-License-Identifier: MIT
#pragma once
// Runs a loop in a test until something is true. No sleeps: the deadline only ends tests that fail,
// so it is far beyond what a machine that is busy with other things needs.

#include <cstdint>
#include <functional>

#include "core/loop/loop.h"
#include "core/loop/timer.h"

namespace chirm::testing {

inline constexpr std::uint64_t kDeadlineMs = 60'000;

// Returns whether is_done() became true before the deadline.
inline bool run_until(Loop& loop, const std::function<bool()>& is_done,
                      std::uint64_t deadline_ms = kDeadlineMs) {
  const std::uint64_t end_ns = Loop::clock_ns() + deadline_ms * 1'000'000;
  bool is_true = is_done();
  Timer check(loop, [&] {
    is_true = is_done();
    if (is_true || Loop::clock_ns() >= end_ns) loop.stop();
  });
  check.start_repeating(1);
  if (!is_true) loop.run();
  return is_true;
}

// For what is found out by asking, which runs the loop by itself: asks until the answer is right.
inline bool ask_until(const std::function<bool()>& is_right,
                      std::uint64_t deadline_ms = kDeadlineMs) {
  const std::uint64_t end_ns = Loop::clock_ns() + deadline_ms * 1'000'000;
  while (!is_right()) {
    if (Loop::clock_ns() >= end_ns) return false;
  }
  return true;
}

}  // namespace chirm::testing
