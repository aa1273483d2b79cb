// SPDX-License-Identifier: MIT
#pragma once
// What has happened to accounts and sessions on this node since it started, for the metrics.

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>

namespace chirm {

struct AccountCounters {
  // Log-ins and changes of a password, by how they ended.
  std::map<std::string, std::uint64_t> log_ins = {
      {"ok", 0}, {"failed", 0}, {"throttled", 0}, {"busy", 0}};
  std::size_t hash_queue = 0;  // passwords that wait to be hashed now
  std::uint64_t sessions_opened = 0;
  std::uint64_t sessions_refreshed = 0;
  std::uint64_t sessions_ended = 0;  // before they expired
};

}  // namespace chirm
