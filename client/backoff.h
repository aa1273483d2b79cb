// SPDX-License-Identifier: MIT
#pragma once
// Delays between attempts, exponential with full jitter, so that clients that lost the same server
// do not come back at the same moment. Private to client/.

#include <algorithm>
#include <cstdint>

#include "client/options.h"
#include "core/base/random.h"

namespace chirm::client {

class Backoff {
 public:
  // The delay before the next attempt; see Options.
  std::uint32_t next_ms(const Options& options, Random& random) {
    const std::uint64_t ceiling = std::min<std::uint64_t>(
        options.backoff_max_ms, std::uint64_t{options.backoff_min_ms} << attempts_);
    if (attempts_ < kAttemptsMax) ++attempts_;
    return static_cast<std::uint32_t>(std::max(kDelayMinMs, random.between(0, ceiling)));
  }
  void reset() { attempts_ = 0; }
  bool is_reset() const { return attempts_ == 0; }

 private:
  static constexpr std::uint64_t kDelayMinMs = 10;
  static constexpr std::uint8_t kAttemptsMax = 31;  // keeps the shift within 64 bits

  std::uint8_t attempts_ = 0;
};

}  // namespace chirm::client
