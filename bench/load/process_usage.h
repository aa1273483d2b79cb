// SPDX-License-Identifier: MIT
#pragma once
// What processes have used, from /proc.

#include <sys/types.h>

#include <cstdint>
#include <span>

#include "core/base/error.h"

namespace chirm::load {

struct ProcessUsage {
  double cpu_s = 0;            // user and system, since the start of the process
  std::uint64_t rss_kib = 0;   // resident memory
  std::uint64_t taken_us = 0;  // when, on the monotonic clock
};

// Of all the processes together. The error names one that cannot be read.
[[nodiscard]] Expected<ProcessUsage, Error> usage_of(std::span<const pid_t> pids);

}  // namespace chirm::load
