// SPDX-License-Identifier: MIT
#pragma once
// Who is in a channel, on all nodes, and who of the users is online. Nothing of it is stored: each
// node tells the others what they want to know of its own sessions, and is forgotten when its lease
// ends. Subscribers that asked for it get join and leave pushes, while there are not too many
// clients in the channel.

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "core/broker/broker.h"
#include "core/chat/channel_table.h"
#include "core/chat/chat_settings.h"
#include "core/chat/presence/online_users.h"
#include "core/chat/presence/presence_sets.h"

namespace chirm {

class Subscriber;

struct PresentClient {
  std::string user;
  std::string client;
  std::string conn_info;       // raw JSON or ""
  std::string chan_info = {};  // of its subscription; raw JSON or ""
};

struct ChannelPresence {
  PresenceCounts counts;
  // At most ChatSettings::presence_list_max; all of them when there are no more.
  std::vector<PresentClient> clients;
};

struct PresentUser {
  std::string user;
  std::string conn_info;  // of one of its clients
  UserStatus status;
};

struct ChannelUsers {
  std::uint64_t count = 0;         // of users; of many, each once a node
  std::vector<PresentUser> users;  // by name; empty when more clients are there than are listed
};

class Presence final : private PresenceOwner {
 public:
  // All must outlive it.
  Presence(Loop& loop, Broker& broker, const ChannelTable& channels, const ChatSettings& settings);

  // `done` is called once, maybe within the call. After about a second it is told what is known
  // without the nodes that do not answer, or kInternal when the store, and so the bus, is away.
  using OnPresence = std::function<void(const Expected<ChannelPresence, ErrorCode>&)>;
  void ask(std::string_view channel, OnPresence done);
  using OnUsers = std::function<void(const Expected<ChannelUsers, ErrorCode>&)>;
  void ask_users(std::string_view channel, OnUsers done);

  // On all nodes. In insecure mode everybody is offline.
  UserStatus status(std::string_view user) const { return users_.status(user); }
  // When the last connection of a user that is offline ended. Not known of guests.
  void last_seen(std::string_view user, std::function<void(OnlineUsers::LastSeen)> done) {
    users_.last_seen(user, std::move(done));
  }

  // Told by sessions: a connection of the user has begun, has said whether it is away, has ended.
  // Each that has begun ends once, and says then what it has said last.
  void on_connected(std::string_view user) { users_.came(user); }
  void on_away_changed(std::string_view user, bool is_away) { users_.changed(user, is_away); }
  void on_disconnected(std::string_view user, bool was_away) { users_.went(user, was_away); }
  // Told by the hub: the subscriber is a member of the channel now, is one no longer.
  void on_joined(std::string_view channel, const Subscriber& subscriber, bool wants_pushes);
  void on_left(std::string_view channel, const Subscriber& subscriber, bool wanted_pushes);

  const PresenceSets& sets() const { return sets_; }
  // At the end of a turn.
  void check() const;
  // That the channel's set is held as often as members want pushes.
  void check(const Channel& channel) const;

 private:
  std::size_t own_clients(std::string_view set) const override;
  PresenceCounts own_counts(std::string_view set) const override;
  void each_own(std::string_view set, const PresenceItem& item) const override;
  void on_came(std::string_view set, std::string_view key, std::string_view value) override;
  void on_went(std::string_view set, std::string_view key, std::string_view value) override;

  std::size_t clients(std::string_view channel) const;
  ChannelPresence collect(std::string_view channel) const;
  ChannelUsers to_users(const ChannelPresence& present) const;
  void push(std::string_view channel, const std::string& json);

  const ChannelTable& channels_;
  Broker& broker_;
  const ChatSettings& settings_;
  PresenceSets sets_;
  OnlineUsers users_;
};

}  // namespace chirm
