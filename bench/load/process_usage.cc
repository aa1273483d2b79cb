// SPDX-License-Identifier: MIT
#include "bench/load/process_usage.h"

#include <unistd.h>

#include <fstream>
#include <sstream>
#include <string>

#include "bench/load/clock.h"

namespace chirm::load {

namespace {

// Empty when the file cannot be read: whoever parses it finds that out.
std::string content_of(const std::string& path) {
  std::ifstream file(path);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

}  // namespace

Expected<ProcessUsage, Error> usage_of(std::span<const pid_t> pids) {
  ProcessUsage usage;
  for (const pid_t pid : pids) {
    const std::string folder = "/proc/" + std::to_string(pid);
    const std::string stat = content_of(folder + "/stat");
    const std::size_t name_end = stat.rfind(')');  // the name may contain anything
    if (name_end == std::string::npos) {
      return Unexpected<Error>({"process " + std::to_string(pid) + " does not exist"});
    }
    std::istringstream fields(stat.substr(name_end + 1));
    std::string skipped;
    for (int field = 3; field < 14; ++field) fields >> skipped;  // proc(5): utime is field 14
    double user_ticks = 0;
    double system_ticks = 0;
    fields >> user_ticks >> system_ticks;
    usage.cpu_s += (user_ticks + system_ticks) / static_cast<double>(sysconf(_SC_CLK_TCK));
    std::istringstream statm(content_of(folder + "/statm"));
    std::uint64_t total_pages = 0;
    std::uint64_t resident_pages = 0;
    statm >> total_pages >> resident_pages;
    // Pages that processes share count for each: an upper bound, and the same for all servers.
    usage.rss_kib += resident_pages * static_cast<std::uint64_t>(sysconf(_SC_PAGESIZE)) / 1024;
  }
  usage.taken_us = now_us();
  return usage;
}

}  // namespace chirm::load
