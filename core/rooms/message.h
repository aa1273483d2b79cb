// SPDX-License-Identifier: MIT
#pragma once
// What people publish in rooms and private conversations, by docs/protocol.md, and what is left of
// it in the log when it has been edited or deleted. Pure.

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
  std::uint64_t target = 0;  // offset
  std::vector<std::string> mentions;
};

// The error, 107 or 103, says what is wrong.
Expected<MessageData, RpcError> read_message(std::string_view data);

// A publication that has been stored, as far as edits and deletes need it.
struct StoredMessage {
  std::string type;
  std::string user;  // who published it …
  std::string name;  // … and as they were shown then
  std::string id;
  std::string text;
  std::uint64_t edit = 0;    // offset of the newest edit of it; 0: none
  std::uint64_t target = 0;  // of an edit
  std::string body;          // all of it: members of a JSON object, as they are stored
  std::string data;          // raw JSON …
  std::string info;          // … and raw JSON or ""
};
StoredMessage read_stored(const std::string& body);

// Bodies to be stored instead.
std::string edited_body(const StoredMessage& message, std::string_view text, std::uint64_t time,
                        std::uint64_t edit);
std::string deleted_body(const StoredMessage& message, std::string_view by);
// Of an edit that another one or a delete came behind.
std::string overtaken_body(const StoredMessage& edit);
bool is_overtaken(const StoredMessage& message);

}  // namespace chirm
