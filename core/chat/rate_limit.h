// SPDX-License-Identifier: MIT
#pragma once
// At most so many a second, and a burst of so many at once (the generic cell rate algorithm).

#include <algorithm>
#include <cstdint>

namespace chirm {

class RateLimit {
 public:
  // Takes one, or one that counts as `weight`. False: that is too many now, and nothing is taken. A
  // rate of 0 means no limit. `burst` is 1 at least.
  bool take(std::uint64_t now_ms, std::uint32_t per_second, std::uint32_t burst,
            std::uint32_t weight = 1) {
    if (per_second == 0) return true;
    const std::uint64_t now_us = now_ms * 1000;
    const std::uint64_t interval_us = 1'000'000 / per_second;
    const std::uint64_t next_us = std::max(next_us_, now_us);
    if (next_us - now_us > (burst - 1) * interval_us) return false;
    next_us_ = next_us + weight * interval_us;
    return true;
  }

 private:
  // When the next one would be due at an even pace. A burst moves it into the future.
  std::uint64_t next_us_ = 0;
};

}  // namespace chirm
