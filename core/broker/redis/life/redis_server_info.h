// SPDX-License-Identifier: MIT
#pragma once
// What INFO says about a Redis, as far as it tells whether it is the one that was known. Pure;
// private to core/broker.

#include <cstdint>
#include <string>
#include <string_view>

namespace chirm {

struct RedisServerInfo {
  std::string version = {};
  std::string run_id = {};  // "": INFO was refused, or is another server's
  // Changes with a promotion, but also when an idle backlog is freed.
  std::string replication_id = {};
  bool was_promoted = false;  // it has been a replica
  std::uint64_t uptime_s = 0;
  std::uint64_t memory_bytes = 0;
  std::uint64_t memory_bytes_max = 0;  // 0: there is no maximum

  // Reads one section of INFO: lines of `name:value`. What it does not have stays as it was.
  void read(std::string_view section);

  // The scripts use SET with NX and GET, which Redis 7 has. An unknown version is given a try.
  bool is_too_old() const;
  // What tells two promotions of one process apart; "" when there was none.
  std::string promotion() const { return was_promoted ? replication_id : std::string(); }
};

}  // namespace chirm
