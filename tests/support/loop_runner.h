// SPDX-License-Identifier: MIT
#pragma once
// Runs a loop in a test until something is true. No sleeps: the deadline only ends tests that fail.

#include <cstdint>
#include <functional>

#include "core/loop/loop.h"
#include "core/loop/timer.h"

namespace chirm::testing {

// Returns whether is_done() became true before the deadline.
inline bool run_until(Loop& loop, const std::function<bool()>& is_done,
                      std::uint64_t deadline_ms = 20'000) {
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

}  // namespace chirm::testing
