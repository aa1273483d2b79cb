// SPDX-License-Identifier: MIT
#include "core/broker/redis/life/redis_server_info.h"

#include <algorithm>
#include <charconv>

namespace chirm {

namespace {

// The value of `name:value\r\n`, or "". Names are found inside of others, too: `role` in
// `master_role`; so only one at the start of a line counts.
std::string_view field(std::string_view info, std::string_view name) {
  for (std::size_t at = info.find(name); at != info.npos; at = info.find(name, at + 1)) {
    const bool is_line_start = at == 0 || info[at - 1] == '\n';
    std::string_view rest = info.substr(at + name.size());
    if (is_line_start && rest.starts_with(':')) {
      rest.remove_prefix(1);
      return rest.substr(0, rest.find('\r'));
    }
  }
  return {};
}

}  // namespace

void RedisServerInfo::read(std::string_view section) {
  const auto take = [&](std::string_view name, std::string& into) {
    if (const auto value = field(section, name); !value.empty()) into = value;
  };
  std::string second_offset = "-1";
  take("redis_version", version);
  take("run_id", run_id);
  take("master_replid", replication_id);
  take("second_repl_offset", second_offset);  // -1 in a Redis that has never been a replica
  was_promoted = was_promoted || second_offset != "-1";
  const auto number = [&](std::string_view name, std::uint64_t otherwise) {
    const std::string_view value = field(section, name);
    std::uint64_t read = otherwise;
    (void)std::from_chars(value.data(), value.data() + value.size(), read);
    return read;
  };
  uptime_s = std::max(uptime_s, number("uptime_in_seconds", 0));
  memory_bytes = number("used_memory", memory_bytes);
  memory_bytes_max = number("maxmemory", memory_bytes_max);
}

bool RedisServerInfo::is_too_old() const {
  constexpr int kMajorMin = 7;
  int major = kMajorMin;
  (void)std::from_chars(version.data(), version.data() + version.size(), major);
  return major < kMajorMin;
}

}  // namespace chirm
