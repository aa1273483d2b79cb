// SPDX-License-Identifier: MIT
#pragma once
// What the server's methods answer (docs/protocol.md, "RPC"), as values; what is missing or wrong
// in an answer reads as empty. Pure. Private to client/terminal/.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "client/terminal/model/chat_model.h"

namespace chirm::terminal {

struct SyncAnswer {
  struct Channel {
    ChannelInfo info;
    std::uint64_t top = 0;
    std::uint64_t read = 0;
    std::uint64_t last_ms = 0;  // when something was said
    std::string epoch;
  };
  struct Invitation {
    std::string room;
    std::string by;
  };
  std::string user;
  std::string name;
  std::vector<Channel> channels;
  std::vector<Invitation> invited;
};
SyncAnswer read_sync(std::string_view json);

// Where a list goes on, as JSON; "" when this was its end.
std::string read_next(std::string_view json);

ChannelInfo read_room(std::string_view json);
// The member `channel` of the answer to chat.dm.
std::string read_channel(std::string_view json);

struct PresenceAnswer {
  std::uint64_t count = 0;
  std::vector<Person> people;  // by name; none when there are too many
};
PresenceAnswer read_presence(std::string_view json);

struct RoomEntry {
  ChannelInfo info;
  std::uint64_t members = 0;
};
std::vector<RoomEntry> read_rooms(std::string_view json);

struct Member {
  std::string user;
  std::string name;
  std::string role;
};
std::vector<Member> read_members(std::string_view json);

struct UserAnswer {
  std::string user;
  std::string name;
  std::string role;
  std::string status;
  std::int64_t last_seen_ms = 0;
};
UserAnswer read_user(std::string_view json);

// A session of one's own.
struct OwnSession {
  std::string id;
  std::string agent;
  std::int64_t used_ms = 0;
  bool is_current = false;
};
// The one that was used last first.
std::vector<OwnSession> read_own_sessions(std::string_view json);

struct SearchResult {
  std::uint64_t offset = 0;
  std::string user;
  std::string text;
  std::int64_t time_ms = 0;
};
std::vector<SearchResult> read_results(std::string_view json);

// A publication in one's inbox.
struct InboxEvent {
  std::string type;
  std::string channel;
  std::string text;
  std::string user;
  std::string reason;
  std::uint64_t offset = 0;
};
InboxEvent read_inbox_event(std::string_view json);

}  // namespace chirm::terminal
