// SPDX-License-Identifier: MIT
#pragma once
// What this process has used of the machine. Private to core/server.

#include <cstdint>

namespace chirm {

struct ProcessUsage {
  std::uint64_t memory_bytes = 0;  // resident
  std::uint64_t cpu_ms = 0;        // of all its threads, since it was started
};

// What cannot be found out is 0.
ProcessUsage process_usage();

}  // namespace chirm
