// SPDX-License-Identifier: MIT
#include "core/server/admin/process_usage.h"

#include <unistd.h>

#include <ctime>
#include <fstream>

namespace chirm {

ProcessUsage process_usage() {
  ProcessUsage usage;
  std::uint64_t total_pages = 0;
  std::uint64_t resident_pages = 0;
  // getrusage() would tell the highest value that there has ever been.
  std::ifstream("/proc/self/statm") >> total_pages >> resident_pages;  // proc(5)
  usage.memory_bytes = resident_pages * static_cast<std::uint64_t>(sysconf(_SC_PAGESIZE));
  // Of all threads: hashing passwords and writing to SQLite are this node's work, too.
  timespec time{};
  if (clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time) == 0) {
    usage.cpu_ms = static_cast<std::uint64_t>(time.tv_sec) * 1000 +
                   static_cast<std::uint64_t>(time.tv_nsec) / 1'000'000;
  }
  return usage;
}

}  // namespace chirm
