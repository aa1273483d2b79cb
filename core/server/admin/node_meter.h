// SPDX-License-Identifier: MIT
#pragma once
// Measures what this node tells the others of itself. Private to core/server.

#include <cstdint>
#include <deque>
#include <string>

#include "core/base/durations.h"
#include "core/server/admin/node_statistics.h"

namespace chirm {

class Broker;
class Hub;
class Loop;
class SessionDirectory;
struct ChatCounters;

// Percentiles of what a growing count of durations got in the last ten calls.
class RecentDurations {
 public:
  NodeStatistics::Percentiles look(const Durations& all);

 private:
  std::deque<Durations> earlier_;
};

class NodeMeter {
 public:
  // What is measured. All must outlive the meter.
  struct Sources {
    const Loop& loop;
    const Broker& broker;
    Hub& hub;
    const SessionDirectory& directory;
    const ChatCounters& chat;
  };
  explicit NodeMeter(const Sources& sources);

  // How the node named `name` is now. Once a second: percentiles are those of the last ten calls.
  NodeStatistics measure(const std::string& name);

 private:
  const Sources sources_;
  const std::uint64_t start_ms_;
  RecentDurations recent_deliveries_;
  RecentDurations recent_turns_;
};

}  // namespace chirm
