// SPDX-License-Identifier: MIT
#pragma once
// What sessions and the hub count, since the process started, and their gauges.

#include <array>
#include <cstdint>
#include <map>

#include "core/base/durations.h"
#include "core/base/metric_table.h"

namespace chirm {

// Plain numbers: as many as there are metrics.
struct ChatCounters {
  // gauges
  std::uint64_t sessions = 0;
  std::uint64_t subscriptions = 0;
  std::uint64_t channels = 0;
  std::uint64_t tail_bytes = 0;
  std::uint64_t page_bytes = 0;  // a part of tail_bytes
  std::uint64_t blocked_sessions = 0;
  std::uint64_t behind_tail = 0;
  // As of the last tick:
  std::uint64_t presence_watched = 0;
  std::uint64_t presence_entries = 0;  // users of whom it was told that they are online, too
  std::uint64_t presence_late = 0;     // since the start
  // As of the last tick, of those that are blocked or stand before a tail:
  std::uint64_t lag_publications_max = 0;
  std::uint64_t blocked_ms_max = 0;
  // counters
  std::uint64_t commands = 0;
  std::uint64_t publications = 0;    // appended to a tail
  std::uint64_t deliveries = 0;      // publications times subscribers, as taken by the kernel
  std::uint64_t writes = 0;          // gathered writes that carried them
  std::uint64_t blocked_writes = 0;  // gathered writes that the kernel took only in part
  std::uint64_t duplicates_dropped = 0;
  std::uint64_t holes_found = 0;
  std::uint64_t holes_healed = 0;  // publications; clients noticed nothing
  std::uint64_t epoch_changes = 0;
  std::uint64_t fell_off_tail = 0;
  std::uint64_t overtaken = 0;
  std::uint64_t catch_up_rounds = 0;
  std::uint64_t catch_up_pages = 0;
  std::uint64_t recovered = 0;
  std::uint64_t unrecovered = 0;  // told recovered:false
  // From a publication's arrival here to its write in the flush, for those who stood at the tip.
  Durations delivery;
  std::map<std::uint16_t, std::uint64_t> disconnects;  // by close code
  std::map<std::uint16_t, std::uint64_t> errors;       // replies, by error code
};

inline constexpr auto kChatMetrics = std::to_array<Metric<ChatCounters>>({
    gauge(&ChatCounters::sessions, "chirm_sessions", "WebSocket connections"),
    gauge(&ChatCounters::subscriptions, "chirm_subscriptions", "Subscriptions of all sessions"),
    gauge(&ChatCounters::channels, "chirm_channels", "Channels that this node follows"),
    gauge(&ChatCounters::tail_bytes, "chirm_tail_bytes",
          "Bytes of channels' tails and pages in memory"),
    gauge(&ChatCounters::page_bytes, "chirm_page_bytes",
          "Bytes of history on the way to those before a tail"),
    gauge(&ChatCounters::blocked_sessions, "chirm_blocked_sessions",
          "Connections whose socket takes no more at the moment"),
    gauge(&ChatCounters::behind_tail, "chirm_behind_tail",
          "Subscriptions that are behind their channel's tail"),
    gauge(&ChatCounters::presence_watched, "chirm_presence_watched",
          "Sets of who is there that other nodes tell this one of"),
    gauge(&ChatCounters::presence_entries, "chirm_presence_entries", "... and whom they have told"),
    counter(&ChatCounters::presence_late, "chirm_presence_late_total",
            "Questions who is there answered without some node"),
    gauge(&ChatCounters::lag_publications_max, "chirm_lag_publications_max",
          "How far behind the slowest subscription is"),
    gauge(&ChatCounters::blocked_ms_max, "chirm_blocked_seconds_max",
          "How long a socket has taken nothing", 1000),
    counter(&ChatCounters::commands, "chirm_commands_total", "Commands from clients"),
    counter(&ChatCounters::publications, "chirm_publications_total",
            "Publications received from the broker"),
    counter(&ChatCounters::deliveries, "chirm_deliveries_total",
            "Publications written to subscribers"),
    counter(&ChatCounters::writes, "chirm_writes_total", "Writes to client sockets"),
    counter(&ChatCounters::blocked_writes, "chirm_blocked_writes_total",
            "Writes that the socket took only in part"),
    counter(&ChatCounters::duplicates_dropped, "chirm_duplicates_dropped_total",
            "Publications that arrived twice"),
    counter(&ChatCounters::holes_found, "chirm_holes_found_total",
            "Publications missing on arrival"),
    counter(&ChatCounters::holes_healed, "chirm_holes_healed_total",
            "Missed publications read from the broker"),
    counter(&ChatCounters::epoch_changes, "chirm_epoch_changes_total",
            "Channels whose log started over"),
    counter(&ChatCounters::fell_off_tail, "chirm_fell_off_tail_total",
            "Slow readers that left their channel's tail"),
    counter(&ChatCounters::overtaken, "chirm_overtaken_total",
            "Readers told 2500, their place left the history"),
    counter(&ChatCounters::catch_up_rounds, "chirm_catch_up_rounds_total",
            "Walks through a channel's history"),
    counter(&ChatCounters::catch_up_pages, "chirm_catch_up_pages_total",
            "Pages of history read in them"),
    counter(&ChatCounters::recovered, "chirm_recovered_total",
            "Subscriptions resumed without a loss"),
    counter(&ChatCounters::unrecovered, "chirm_unrecovered_total",
            "Subscriptions that could not be resumed"),
});
inline constexpr LabelledMetric kChatDisconnects{
    &ChatCounters::disconnects, "chirm_disconnects_total", "Connections closed by code", "code"};
inline constexpr LabelledMetric kChatErrors{&ChatCounters::errors, "chirm_errors_total",
                                            "Error replies by code", "code"};
static_assert(covers<ChatCounters, Durations, std::map<std::uint16_t, std::uint64_t>,
                     std::map<std::uint16_t, std::uint64_t>>(kChatMetrics));

}  // namespace chirm
