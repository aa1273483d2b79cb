// SPDX-License-Identifier: MIT
#pragma once
// So many a second, and a burst of so many at once (the generic cell rate algorithm).

#include <algorithm>
#include <cstdint>

namespace chirm {

class RateLimit {
 public:
  // False: too many. A rate of 0 has no limit. What weighs more counts for so many.
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
  std::uint64_t next_us_ = 0;  // when the last one taken would have been due at an even pace
};

}  // namespace chirm
