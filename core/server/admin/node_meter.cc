// SPDX-License-Identifier: MIT
#include "core/server/admin/node_meter.h"

#include "core/base/version.h"
#include "core/broker/broker.h"
#include "core/chat/chat_counters.h"
#include "core/chat/hub.h"
#include "core/chat/session_directory.h"
#include "core/loop/loop.h"
#include "core/server/admin/process_usage.h"

namespace chirm {

namespace {
constexpr std::size_t kLooks = 10;
}  // namespace

// Counts only grow, so the last ten seconds are the difference to the state of ten seconds ago: no
// duration is recorded twice for it.
NodeStatistics::Percentiles RecentDurations::look(const Durations& all) {
  if (earlier_.empty()) earlier_.emplace_back();  // since the start
  const Durations recent = all.since(earlier_.front());
  earlier_.push_back(all);
  if (earlier_.size() > kLooks) earlier_.pop_front();
  return {recent.percentile_us(50), recent.percentile_us(99)};
}

NodeMeter::NodeMeter(const Sources& sources)
    : sources_(sources), start_ms_(sources.loop.now_ms()) {}

NodeStatistics NodeMeter::measure(const std::string& name) {
  const ChatCounters& chat = sources_.chat;
  const ProcessUsage usage = process_usage();
  return {.node = name,
          .version = std::string(kVersion),
          .uptime_s = (sources_.loop.now_ms() - start_ms_) / 1000,
          .connections = chat.sessions,
          .users = sources_.directory.all().size(),
          .channels = chat.channels,
          .subscriptions = chat.subscriptions,
          .published = sources_.broker.counters().published,
          .delivered = chat.deliveries,
          .delivery = recent_deliveries_.look(chat.delivery),
          .loop_lag = recent_turns_.look(sources_.loop.turns()),
          .slow_readers = sources_.hub.slow_readers().size(),
          .memory_bytes = usage.memory_bytes,
          .cpu_ms = usage.cpu_ms};
}

}  // namespace chirm
