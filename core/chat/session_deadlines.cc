// SPDX-License-Identifier: MIT
#include "core/chat/session_deadlines.h"

#include <algorithm>
#include <utility>

namespace chirm {

namespace {
// A token that lasts longer does not expire: milliseconds of it still fit an int64_t.
constexpr std::int64_t kExpiryMax = std::int64_t{1} << 50;
}  // namespace

void SessionDeadlines::set_expiry(std::optional<std::int64_t> expires_at) {
  expires_at_ = expires_at && *expires_at < kExpiryMax ? *expires_at + settings_.expiry_grace_s : 0;
}

std::optional<std::uint32_t> SessionDeadlines::seconds_to_expiry(std::int64_t unix_ms) const {
  if (expires_at_ == 0) return std::nullopt;
  const std::int64_t left = expires_at_ - settings_.expiry_grace_s - unix_ms / 1000;
  return static_cast<std::uint32_t>(std::clamp<std::int64_t>(left, 1, INT32_MAX));
}

bool SessionDeadlines::ping(std::uint64_t now_ms) {
  ping_ms_ = now_ms + 1000ULL * settings_.pong_timeout_s;
  return !std::exchange(is_awaiting_pong_, true);
}

// Pings keep their interval: the next is due ping_s after the last, not after its pong.
bool SessionDeadlines::on_pong() {
  if (!is_awaiting_pong_) return false;
  is_awaiting_pong_ = false;
  ping_ms_ += 1000ULL * (settings_.ping_s - settings_.pong_timeout_s);
  return true;
}

SessionDeadlines::Due SessionDeadlines::due(std::uint64_t now_ms, std::int64_t unix_ms) const {
  if (leave_ms_ != 0 && now_ms >= leave_ms_) return Due::kLeave;
  if (expires_at_ != 0 && unix_ms / 1000 >= expires_at_) return Due::kExpiry;
  if (ping_ms_ != 0 && now_ms >= ping_ms_) return Due::kPing;
  return Due::kNothing;
}

std::uint64_t SessionDeadlines::delay_ms(std::uint64_t now_ms, std::int64_t unix_ms) const {
  std::uint64_t delay = kNone;
  for (const std::uint64_t at : {ping_ms_, leave_ms_}) {
    if (at != 0) delay = std::min(delay, at > now_ms ? at - now_ms : 0);
  }
  if (expires_at_ != 0) {
    const std::int64_t left_ms = std::max<std::int64_t>(expires_at_ * 1000 - unix_ms, 0);
    delay = std::min(delay, static_cast<std::uint64_t>(left_ms));
  }
  return delay;
}

}  // namespace chirm
