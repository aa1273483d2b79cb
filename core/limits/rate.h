// SPDX-License-Identifier: MIT
#pragma once
// So much in a period, and a burst of so much at once (the generic cell rate algorithm: ATM Forum,
// Traffic Management 4.0 §4.4.3). Pure.

#include <algorithm>
#include <cstdint>

namespace chirm {

struct Rate {
  std::uint64_t amount = 0;  // in a period, evenly; 0: no limit
  std::uint64_t period_ms = 1000;
  std::uint64_t burst = 1;  // at once, after a pause; at least 1
};

// What has been taken of a rate. Remembers one number, and so needs no timer to fill up again.
class Bucket {
 public:
  // 0: something may be taken now, whatever it weighs, for it begins within the burst. Else the
  // milliseconds until it may.
  std::uint64_t wait_ms(std::uint64_t now_ms, const Rate& rate) const {
    if (rate.amount == 0) return 0;
    const std::uint64_t free_ns = now_ms * kNsPerMs + cost_ns(rate, rate.burst - 1);
    return next_ns_ <= free_ns ? 0 : (next_ns_ - free_ns + kNsPerMs - 1) / kNsPerMs;
  }
  // Takes it, whether or not it may be.
  void take(std::uint64_t now_ms, const Rate& rate, std::uint64_t weight = 1) {
    if (rate.amount == 0) return;
    next_ns_ = std::max(next_ns_, now_ms * kNsPerMs) + cost_ns(rate, weight);
  }
  // Takes it if it may be taken; false: nothing is taken.
  bool take_if_free(std::uint64_t now_ms, const Rate& rate, std::uint64_t weight = 1) {
    if (wait_ms(now_ms, rate) != 0) return false;
    take(now_ms, rate, weight);
    return true;
  }

 private:
  static constexpr std::uint64_t kNsPerMs = 1'000'000;

  // Rounded down. A double, because an hour's nanoseconds times its bytes are too many for 64 bits.
  static std::uint64_t cost_ns(const Rate& rate, std::uint64_t weight) {
    return static_cast<std::uint64_t>(static_cast<double>(rate.period_ms * kNsPerMs) *
                                      static_cast<double>(weight) /
                                      static_cast<double>(rate.amount));
  }

  // When the next one would be due at an even pace. A burst moves it into the future.
  std::uint64_t next_ns_ = 0;
};

}  // namespace chirm
