// SPDX-License-Identifier: MIT
#pragma once
// What happens to a connected client by itself as time passes: pings and pongs that do not come, a
// token that expires, and a leave that the hub has ordered. Knows no clock: times are given to it,
// milliseconds of the loop's clock where nothing else is said. Private to core/chat.

#include <cstdint>
#include <optional>

#include "core/chat/chat_settings.h"

namespace chirm {

class SessionDeadlines {
 public:
  enum class Due : std::uint8_t { kNothing, kLeave, kExpiry, kPing };
  static constexpr std::uint64_t kNone = UINT64_MAX;

  // settings: must outlive this.
  explicit SessionDeadlines(const ChatSettings& settings) : settings_(settings) {}

  // Unix seconds, as the token says; none: it does not expire. Some grace is added, in which
  // clients renew it.
  void set_expiry(std::optional<std::int64_t> expires_at);
  // As the client is told, without the grace; at least 1.
  std::optional<std::uint32_t> seconds_to_expiry(std::int64_t unix_ms) const;

  void leave_at(std::uint64_t at_ms) { leave_ms_ = at_ms; }
  bool is_leaving() const { return leave_ms_ != 0; }

  // The first ping is due then; without it there are none.
  void start_pings(std::uint64_t first_ms) { ping_ms_ = first_ms; }
  bool is_awaiting_pong() const { return is_awaiting_pong_; }
  // The time of a ping has come, and that of its pong begins. False: one has been sent and is not
  // answered, so none is to be sent.
  bool ping(std::uint64_t now_ms);
  // False: there was no ping.
  bool on_pong();

  // What has to be done now: one thing at a time, the most important first.
  Due due(std::uint64_t now_ms, std::int64_t unix_ms) const;
  // How long until something is due; kNone: nothing will be.
  std::uint64_t delay_ms(std::uint64_t now_ms, std::int64_t unix_ms) const;

 private:
  const ChatSettings& settings_;
  bool is_awaiting_pong_ = false;
  std::uint64_t ping_ms_ = 0;    // when the next ping is due, or its pong when awaited; 0: none
  std::uint64_t leave_ms_ = 0;   // 0: it does not leave
  std::int64_t expires_at_ = 0;  // unix seconds, grace included; 0: never
};

}  // namespace chirm
