// SPDX-License-Identifier: MIT
#pragma once
// Which users are connected, to any node: every node knows all of them. And when the others were
// connected last, which is kept in documents of the collection `seen`. Anonymous users are left
// out. Private to core/chat.

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "core/base/guard.h"
#include "core/base/string_hash.h"
#include "core/base/turn_slice.h"
#include "core/broker/broker.h"
#include "core/chat/presence/presence_sets.h"
#include "core/loop/loop.h"
#include "core/loop/timer.h"

namespace chirm {

enum class UserStatus : std::uint8_t { kOffline, kAway, kOnline };

class OnlineUsers {
 public:
  // The set of all of them.
  static constexpr std::string_view kSet = "";

  // All must outlive the users.
  OnlineUsers(Loop& loop, Broker& broker, PresenceSets& sets, const PresenceTimes& times);
  // Before any connection comes, or never: then everybody is offline.
  void start();

  // Connections of this node. A user is away when all of its connections are. A connection comes,
  // and is not away; changed() says that it is now, or is no longer; when it goes, `was_away` is
  // what changed() has said last.
  void came(std::string_view user);
  void went(std::string_view user, bool was_away);
  void changed(std::string_view user, bool is_away);

  UserStatus status(std::string_view user) const;
  // Unix milliseconds; none when it is not known.
  using LastSeen = Expected<std::optional<std::int64_t>, ErrorCode>;
  void last_seen(std::string_view user, std::function<void(LastSeen)> done);

  // This node's part of the set: its users, each with "1" (online) or "0" (away).
  std::size_t count() const { return own_.size(); }
  void each(const PresenceItem& item) const;
  // The user has gone from a node's part: its last connection may have ended.
  void on_went(std::string_view user);

  // At the end of a turn; looks at a few of the users each time.
  void check() const;

 private:
  struct Own {                      // connections of a user to this node
    std::uint32_t connections = 0;  // 1 at least, between calls
    std::uint32_t away = 0;         // of them
    std::string_view value() const { return away < connections ? "1" : "0"; }
  };

  Own& own(std::string_view user);  // who is connected
  bool is_writer() const;
  void look_at_gone();
  void write(const std::string& user, std::int64_t seen_ms, int tries);

  Loop& loop_;
  Broker& broker_;
  PresenceSets& sets_;
  const PresenceTimes times_;
  bool is_started_ = false;
  std::unordered_map<std::string, Own, StringHash, std::equal_to<>> own_;
  struct Gone {
    std::uint64_t at_ms;   // when, by the loop's clock
    std::int64_t unix_ms;  // … and as it is noted
  };
  std::unordered_map<std::string, Gone> gone_;  // users whose last connection may have ended
  Timer timer_;                                 // runs exactly while there are any
  Guard guard_;
  mutable TurnSlice checked_;
};

}  // namespace chirm
