// SPDX-License-Identifier: MIT
#pragma once
// What the status line says of the connection: connecting, catching up, connected, or lost and when
// the next attempt begins. Pure: it is told the time. Private to client/terminal/.

#include <cstdint>
#include <string>
#include <string_view>

#include "client/terminal/view/view_state.h"

namespace chirm::terminal {

class ConnectionTracker {
 public:
  // `server` as people write it: host:port.
  explicit ConnectionTracker(std::string server) : server_(std::move(server)) {}

  void note_connected() { state_ = ConnectionStatus::State::kCatchingUp; }
  // All that was missed is here. Must be catching up.
  void note_caught_up(std::uint64_t now_ms);
  // The next attempt begins at `retry_at_ms`.
  void note_lost(std::string_view why, std::uint64_t retry_at_ms);

  ConnectionStatus status(std::uint64_t now_ms) const;
  bool is_catching_up() const { return state_ == ConnectionStatus::State::kCatchingUp; }
  bool is_connected() const { return state_ == ConnectionStatus::State::kConnected; }
  // Ever, and caught up.
  bool was_connected() const { return was_connected_; }

 private:
  std::string server_;
  ConnectionStatus::State state_ = ConnectionStatus::State::kConnecting;
  bool was_connected_ = false;
  std::string outage_;                    // why there is no connection
  std::uint64_t retry_at_ms_ = 0;         // when the next attempt begins
  std::uint64_t caught_up_until_ms_ = 0;  // until when "caught up" is said
};

}  // namespace chirm::terminal
