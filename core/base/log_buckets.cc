// SPDX-License-Identifier: MIT
#include "core/base/log_buckets.h"

#include <algorithm>
#include <cmath>

#include "core/base/check.h"

namespace chirm {

// The nearest rank, without interpolation: what is told was measured, or is in one bucket with it.
std::size_t percentile_bucket(std::span<const std::uint64_t> counts, std::uint64_t count,
                              double percent) {
  CHIRM_CHECK(count > 0 && percent >= 0 && percent <= 100, count, percent);
  const auto wanted = std::ceil(percent / 100 * static_cast<double>(count));
  // Above 2^53 a double rounds, so the rank may come out beyond the last value.
  const auto rank = std::clamp<std::uint64_t>(static_cast<std::uint64_t>(wanted), 1, count);
  std::uint64_t seen = 0;
  for (std::size_t bucket = 0; bucket < counts.size(); ++bucket) {
    seen += counts[bucket];
    if (seen >= rank) return bucket;
  }
  check_failed(__FILE__, __LINE__, "the counts add up", check_values(seen, count));
}

}  // namespace chirm
