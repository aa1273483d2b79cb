// SPDX-License-Identifier: MIT
#include "client/terminal/chat/connection_tracker.h"

#include "client/terminal/text/safe_text.h"
#include "core/base/check.h"

namespace chirm::terminal {

namespace {

constexpr std::uint64_t kCaughtUpShownMs = 3000;

}  // namespace

void ConnectionTracker::note_caught_up(std::uint64_t now_ms) {
  CHIRM_CHECK(is_catching_up());
  state_ = ConnectionStatus::State::kConnected;
  // The first time there was nothing to catch up with.
  if (was_connected_) caught_up_until_ms_ = now_ms + kCaughtUpShownMs;
  was_connected_ = true;
}

void ConnectionTracker::note_lost(std::string_view why, std::uint64_t retry_at_ms) {
  state_ = ConnectionStatus::State::kLost;
  outage_ = why;
  retry_at_ms_ = retry_at_ms;
}

ConnectionStatus ConnectionTracker::status(std::uint64_t now_ms) const {
  switch (state_) {
    case ConnectionStatus::State::kConnecting:
      return {state_, "connecting to " + server_ + " …"};
    case ConnectionStatus::State::kCatchingUp:
      return {state_, "catching up …"};
    case ConnectionStatus::State::kConnected:
      return {state_, now_ms < caught_up_until_ms_ ? "caught up" : "connected"};
    case ConnectionStatus::State::kLost:
      break;
  }
  // The server's words, or the system's.
  const std::string why = safe_line(outage_);
  if (retry_at_ms_ <= now_ms) return {state_, "reconnecting … (" + why + ")"};
  // Rounded up, so that it never says 0 s while it still waits.
  const std::uint64_t seconds = (retry_at_ms_ - now_ms + 999) / 1000;
  return {state_, "reconnecting in " + std::to_string(seconds) + " s (" + why + ")"};
}

}  // namespace chirm::terminal
