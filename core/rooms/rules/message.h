// SPDX-License-Identifier: MIT
#pragma once
// What people publish in rooms and private conversations (docs/protocol.md, "Messages"), and what
// stands in the log in its place when it has been edited or deleted. Pure. Private to core/rooms.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/chat/rpc.h"

namespace chirm {

struct MessageData {
  enum class Type : std::uint8_t { kMessage, kEdit, kDelete, kReaction, kTyping, kOther };
  Type type = Type::kOther;
  std::string id;
  std::string text;
  std::uint64_t target = 0;  // offset of the message that it is about; 0: it is a message itself
  std::vector<std::string> mentions;
  std::string key;     // of a reaction: the emoji
  bool is_on = false;  // of a reaction: it is given, not taken back
};

// The JSON object that a client publishes. The error, kBadRequest or kPermissionDenied, says what
// is wrong with it.
Expected<MessageData, RpcError> read_message(std::string_view data);

// A publication that has been stored, as far as edits and deletes need it.
struct StoredMessage {
  std::string type;
  std::string user;  // who published it
  std::string name;  // how that user was shown then
  std::string id;
  std::string text;
  std::uint64_t edit = 0;    // offset of the newest edit of it; 0: none
  std::uint64_t target = 0;  // offset of what it is about
  std::string body;          // all of it: members of a JSON object, as they are stored
  std::string data;          // raw JSON
  std::string info;          // raw JSON of who published it; "" if the server did
  std::uint64_t time = 0;    // when a node took it, unix milliseconds; 0: an older one did
  std::vector<std::string> reactions;  // the kinds that it has had, each once
};
// `body` is one that the broker keeps. Members that are missing have their defaults.
StoredMessage read_stored(const std::string& body);

// The body to be stored instead of an edited message. `time` is unix milliseconds, `edit` the
// offset of the edit.
std::string edited_body(const StoredMessage& message, std::string_view text, std::uint64_t time,
                        std::uint64_t edit);
// The body to be stored instead of a message that is reacted to in a way that it has not had yet.
std::string reacted_body(const StoredMessage& message, std::string_view key);
// The body to be stored instead of a deleted one; `by` is the user who deleted it.
std::string deleted_body(const StoredMessage& message, std::string_view by);
// The body to be stored instead of an edit that a later edit or a delete has replaced.
std::string overtaken_body(const StoredMessage& edit);
bool is_overtaken(const StoredMessage& message);

}  // namespace chirm
