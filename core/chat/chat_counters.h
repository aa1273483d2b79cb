// SPDX-License-Identifier: MIT
#pragma once
// What sessions and the hub count, since the process started, and their gauges.

#include <cstdint>
#include <map>

#include "core/base/durations.h"

namespace chirm {

// Plain numbers: as many as there are metrics.
struct ChatCounters {
  // gauges
  std::uint64_t sessions = 0;
  std::uint64_t subscriptions = 0;
  std::uint64_t channels = 0;
  std::uint64_t tail_bytes = 0;        // of tails and of pages
  std::uint64_t page_bytes = 0;        // history that is being sent to those before a tail
  std::uint64_t blocked_sessions = 0;  // their sockets take no more at the moment
  std::uint64_t behind_tail = 0;       // subscriptions that stand before their channel's tail
  // As of the last tick:
  std::uint64_t presence_watched = 0;  // channels of which other nodes tell who is there
  std::uint64_t presence_entries = 0;  // clients and online users that other nodes have told of
  std::uint64_t presence_late = 0;     // questions answered without some node; since the start
  // As of the last tick, of those that are blocked or stand before a tail:
  std::uint64_t lag_publications_max = 0;
  std::uint64_t blocked_ms_max = 0;
  // counters
  std::uint64_t commands = 0;
  std::uint64_t publications = 0;        // appended to a tail
  std::uint64_t deliveries = 0;          // publications times subscribers, as taken by the kernel
  std::uint64_t writes = 0;              // gathered writes that carried deliveries
  std::uint64_t blocked_writes = 0;      // writes that the kernel took only in part
  std::uint64_t duplicates_dropped = 0;  // publications that came a second time
  std::uint64_t holes_found = 0;         // offsets missing on arrival
  std::uint64_t holes_healed = 0;  // missing ones read from the broker; clients noticed nothing
  std::uint64_t epoch_changes = 0;
  std::uint64_t fell_off_tail = 0;    // slow readers whose place left the tail
  std::uint64_t overtaken = 0;        // readers whose place left the history as well: told 2500
  std::uint64_t catch_up_rounds = 0;  // walks through a channel's history
  std::uint64_t catch_up_pages = 0;   // pages of history read for those before a tail
  std::uint64_t recovered = 0;        // subscriptions resumed without a loss
  std::uint64_t unrecovered = 0;      // subscriptions that were told recovered:false
  // From a publication's arrival here to its write in the flush, for those who stood at the tip.
  Durations delivery;
  std::map<std::uint16_t, std::uint64_t> disconnects;  // by close code
  std::map<std::uint16_t, std::uint64_t> errors;       // replies, by error code
};

}  // namespace chirm
