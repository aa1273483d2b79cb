// SPDX-License-Identifier: MIT
#pragma once
// Sends the clients of a node that stops away, evenly spread over ServerSettings::drain_s, so that
// the nodes that take them are not met by all of them at once. Private to core/server.

#include <cstdint>
#include <functional>

#include "core/loop/timer.h"

namespace chirm {

class ConnectionRegistry;
struct ServerCounters;
struct ServerSettings;

class Drain {
 public:
  // All must outlive the drain.
  Drain(Loop& loop, const ServerSettings& settings, const ServerCounters& counters,
        ConnectionRegistry& connections);

  // Call once, when no connections are accepted any more. `on_done` is told, at the end of a turn,
  // when all have gone, or from a timer after drain_s and the closing handshake's time.
  void begin(std::function<void()> on_done);
  // At the end of each turn, once those that have ended are deleted.
  void finish_if_empty();

 private:
  void send_some_away();
  void finish();

  const ServerSettings& settings_;
  const ServerCounters& counters_;
  ConnectionRegistry& connections_;
  Timer timer_;
  std::function<void()> on_done_;  // null before begin(), and once it was told
  std::uint64_t total_ = 0;        // connections when it began
  std::uint64_t sent_away_ = 0;    // of them
  std::uint64_t ticks_ = 0;        // since it began
};

}  // namespace chirm
