// SPDX-License-Identifier: MIT
#include "core/broker/store_space.h"

#include <spdlog/spdlog.h>

#include <algorithm>

namespace chirm {

void StoreSpace::look(std::uint64_t used, std::uint64_t most, std::string_view of) {
  const bool was_full = is_full();
  const std::uint64_t enough = was_full ? most - most / 50 : most;
  if (used <= enough) {
    problem_.clear();
    if (was_full) spdlog::info("{}: there is room for publications again", store_);
    return;
  }
  constexpr std::uint64_t kMib = 1024 * 1024;
  problem_ = std::string(of) + ": " + std::to_string(used / kMib) + " MiB of " +
             std::to_string(most / kMib) + " MiB";
  if (was_full) return;
  spdlog::error("{} is full ({}): publications are refused (507) until there is room", store_,
                problem_);
}

}  // namespace chirm
