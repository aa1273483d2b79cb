// SPDX-License-Identifier: MIT
#pragma once
// What an operator can set about sessions and channels, with the defaults.

#include <cstddef>
#include <cstdint>
#include <string>

#include "core/limits/limit_settings.h"
#include "protocol/jwt.h"

namespace chirm {

struct PresenceTimes {
  std::uint64_t period_ms = 100;     // between a node's messages about who came and went
  std::uint64_t patience_ms = 1000;  // until a question is answered without some node's part
  std::uint64_t linger_ms = 30'000;  // that a channel is watched after it was last asked for
  // From a user's last connection to the note when that was; longer than a node's lease.
  std::uint64_t seen_ms = 6000;
};

// Plain values: as many as there are settings.
struct ChatSettings {
  // No tokens: the user is connect.data.name, every channel is open to everybody.
  bool is_insecure = false;
  TokenKeys tokens;  // of the operator's own system
  // Every connection is subscribed to its user's channel `user:#<user>`.
  bool has_inboxes = true;

  // Who may create rooms. kOpen: rooms need not be created, and are open to all then.
  enum class Rooms : std::uint8_t { kUsers, kAdmins, kOpen };
  Rooms rooms = Rooms::kUsers;
  // Rooms that a user who is no administrator may own, and that the cluster has before only
  // administrators may make more.
  std::uint32_t rooms_per_user = 50;
  std::uint32_t rooms_max = 120'000;
  bool has_open_rooms() const { return rooms == Rooms::kOpen; }

  std::uint32_t ping_s = 25;          // between pings; 0: none
  std::uint32_t pong_timeout_s = 8;   // less than ping_s
  std::uint32_t stale_s = 10;         // from the upgrade to a successful connect
  std::uint32_t expiry_grace_s = 25;  // from a token's expiry to the close
  // For a subscribe, and for a connect with server-side subscriptions. Then a temporary error, up
  // to 1 s later. SDKs drop their connection after 5 s without an answer.
  std::uint32_t subscribe_timeout_s = 3;
  std::uint32_t channels_per_client = 128;
  std::uint32_t history_limit = 300;  // publications in one reply
  std::size_t history_reply_bytes_max = 1024 * 1024;

  // A connection is not read while more than this many of its publishes are under way, or more
  // than this many bytes of replies wait for it.
  std::uint32_t publishes_in_flight_max = 128;
  std::size_t private_bytes_max = 256 * 1024;

  // A connection's publishes and calls of methods, each; 0: no limit. Not in insecure mode.
  // So many a second, and at once twice as many.
  std::uint32_t publish_rate = 20;

  // What anybody may cost beyond a connection's own limits; not in insecure mode.
  LimitSettings limits;

  // A channel's tail on this node; all tails together; and how long a channel that nobody on this
  // node is subscribed to is still followed.
  std::size_t tail_bytes_max = 4 * 1024 * 1024;
  std::size_t tails_bytes_max = 256 * 1024 * 1024;
  std::uint32_t channel_linger_s = 30;
  // Beyond so many clients in a channel they are counted, and not told of one by one.
  std::size_t presence_list_max = 200;
  PresenceTimes presence_times;
  // Channels that a node follows; a subscribe to one more is refused.
  std::uint32_t channels_max = 200'000;
  // A read of history before a tail, or of what is missing at its tip.
  std::size_t page_bytes = 256 * 1024;
  // A client that missed more than this is told so instead of being sent everything.
  std::uint32_t recovery_limit = 10'000;
};

}  // namespace chirm
