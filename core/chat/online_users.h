// SPDX-License-Identifier: MIT
#pragma once
// Which users are connected, to any node: every node knows all of them. And when those who are not
// were last, as documents of the collection `seen`. Anonymous users are left out. Private to
// core/chat.

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "core/base/guard.h"
#include "core/base/string_hash.h"
#include "core/broker/broker.h"
#include "core/chat/presence_sets.h"
#include "core/loop/loop.h"
#include "core/loop/timer.h"

namespace chirm {

enum class UserStatus : std::uint8_t { kOffline, kAway, kOnline };

class OnlineUsers {
 public:
  // The set of all of them.
  static constexpr std::string_view kSet = "";

  // All must outlive the users. `sets` is used from start() on.
  OnlineUsers(Loop& loop, Broker& broker, PresenceSets& sets, const PresenceTimes& times);
  void start();

  // Connections of this node. A user is away when all of its connections are.
  void came(std::string_view user);
  void went(std::string_view user, bool was_away);
  void changed(std::string_view user, bool is_away);

  UserStatus status(std::string_view user) const;
  // Unix milliseconds; none when it is not known.
  using LastSeen = Expected<std::optional<std::int64_t>, ErrorCode>;
  void last_seen(std::string_view user, std::function<void(LastSeen)> done);

  // As an owner of sets.
  std::size_t count() const { return own_.size(); }
  void each(const PresenceItem& item) const;
  void on_went(std::string_view user);

 private:
  struct Own {
    std::uint32_t connections = 0;
    std::uint32_t away = 0;
    std::string_view value() const { return away < connections ? "1" : "0"; }
  };

  bool is_writer() const;
  void look_at_gone();
  void write(const std::string& user, std::int64_t seen_ms, int tries);

  Loop& loop_;
  Broker& broker_;
  PresenceSets& sets_;
  const PresenceTimes times_;
  std::unordered_map<std::string, Own, StringHash, std::equal_to<>> own_;
  struct Gone {
    std::uint64_t at_ms;
    std::int64_t unix_ms;
  };
  std::unordered_map<std::string, Gone> gone_;  // whose last connection may have ended
  Timer timer_;
  Guard guard_;  // runs while there are any
};

}  // namespace chirm
