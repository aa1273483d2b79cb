// SPDX-License-Identifier: MIT
#pragma once
// What the server counts about connections and requests, since the process started.

#include <cstdint>
#include <map>

namespace chirm {

struct ServerCounters {
  std::uint64_t connections = 0;  // gauge
  std::uint64_t accepted = 0;
  std::uint64_t accept_pauses = 0;  // for want of files
  std::uint64_t bytes_received = 0;
  std::uint64_t bytes_sent = 0;
  std::map<int, std::uint64_t> responses;  // HTTP responses by status, 101 for upgrades
};

}  // namespace chirm
