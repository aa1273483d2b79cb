// SPDX-License-Identifier: MIT
#pragma once
// A publication of the chat (docs/protocol.md, "What is published") as values, whatever it is.
// Pure. Private to client/terminal/.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "protocol/message.h"

namespace chirm::terminal {

// A plain record of all members that any of the types has; those that a type does not have are
// empty.
struct ChatEvent {
  enum class Type : std::uint8_t {
    kMessage,  // also of anything that is no chat message: its text is the JSON
    kEdit,
    kDelete,
    kDeleted,  // a message that was deleted before it was read
    kReaction,
    kTyping,
    kEvent,  // of the room, by the server
    kOther,  // nothing to be shown
  };
  Type type = Type::kOther;
  std::uint64_t offset = 0;  // 0 when it is not stored
  std::string user;          // who published, "" for the server
  std::string name;          // their name as they write it
  std::string id;
  std::string text;
  std::int64_t time_ms = 0;    // 0 when unknown
  std::uint64_t reply_to = 0;  // offset, 0 for none
  std::vector<std::string> mentions;
  bool is_edited = false;
  std::uint64_t target = 0;  // offset, of edit, delete and reaction
  std::string key;           // of a reaction
  bool is_on = false;        // of a reaction
  std::string by;            // of an event, and of kDeleted
  // Of an event.
  std::string event;
  std::string subject;  // whom it is about
  std::string reason;
  std::string value;
  std::int64_t until_ms = 0;
};

ChatEvent read_chat_event(const PublicationView& publication);

// What an event of a room says: "ada kicks bob: spam".
std::string describe_event(const ChatEvent& event);

}  // namespace chirm::terminal
