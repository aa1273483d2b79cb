// SPDX-License-Identifier: MIT
#pragma once
// What sessions and the hub count, since the process started, and their gauges.

#include <cstdint>
#include <map>

namespace chirm {

struct ChatCounters {
  // gauges
  std::uint64_t sessions = 0;
  std::uint64_t subscriptions = 0;
  std::uint64_t channels = 0;
  std::uint64_t tail_bytes = 0;
  // counters
  std::uint64_t commands = 0;
  std::uint64_t publications = 0;        // appended to a tail
  std::uint64_t deliveries = 0;          // publications times subscribers, as taken by the kernel
  std::uint64_t writes = 0;              // gathered writes that carried them
  std::uint64_t blocked_writes = 0;      // … that the kernel took only in part
  std::uint64_t duplicates_dropped = 0;  // publications that came a second time
  std::uint64_t holes_found = 0;         // offsets missing on arrival
  std::uint64_t holes_healed = 0;        // … read from the broker; clients noticed nothing
  std::uint64_t epoch_changes = 0;
  std::uint64_t fell_off_tail = 0;                     // slow readers that were told 2500
  std::uint64_t recovered = 0;                         // subscriptions resumed without a loss
  std::uint64_t unrecovered = 0;                       // … that were told recovered:false
  std::map<std::uint16_t, std::uint64_t> disconnects;  // by close code
  std::map<std::uint16_t, std::uint64_t> errors;       // replies, by error code
};

}  // namespace chirm
