// SPDX-License-Identifier: MIT
#include "core/rooms/rules/message.h"

#include <array>
#include <utility>

#include "core/rooms/rules/names.h"
#include "core/rooms/rules/room_errors.h"
#include "protocol/emoji.h"
#include "protocol/json_fields.h"
#include "protocol/json_writer.h"
#include "protocol/limits.h"

namespace chirm {

namespace {

constexpr JsonFields::Range kTextLength{1, 8'000};
constexpr JsonFields::Range kTypeLength{1, 64};
constexpr JsonFields::Range kOffset{1, limits::kOffsetMax};
constexpr JsonFields::Range kTimes{0, limits::kTimeMaxMs};
constexpr std::string_view kReactions = "reactions";
// Clients leave types alone that they do not know and that begin with "x-".
constexpr std::string_view kOvertaken = "x-overtaken";

constexpr std::array<std::pair<std::string_view, MessageData::Type>, 5> kTypes{{
    {"message", MessageData::Type::kMessage},
    {"edit", MessageData::Type::kEdit},
    {"delete", MessageData::Type::kDelete},
    {"reaction", MessageData::Type::kReaction},
    {"typing", MessageData::Type::kTyping},
}};

std::string read_id(JsonFields& fields) {
  std::string id = fields.text("id", {1, limits::kMessageIdBytes});
  if (id.size() > limits::kMessageIdBytes) fields.refuse("id", "at most 64 bytes");
  return id;
}

// All members are read, also those that nothing here depends on: what is stored is taken by every
// client as well-formed.
void read_members(JsonFields& fields, MessageData& data) {
  if (data.type == MessageData::Type::kTyping) return;
  data.id = read_id(fields);
  if (data.type == MessageData::Type::kMessage || data.type == MessageData::Type::kEdit) {
    data.text = fields.text("text", kTextLength);
  }
  if (data.type == MessageData::Type::kMessage) {
    // Nobody has to tell a time, for the node does. What no date can hold is told to who sends it.
    (void)fields.number_or("time", kTimes, 0);
    if (fields.has(kReactions)) fields.refuse(kReactions, "nothing, for the server writes it");
    (void)fields.number_or("reply_to", kOffset, 0);
    data.mentions = fields.texts("mentions", limits::kMentionsMax, {1, limits::kUserBytes});
    return;
  }
  data.target = fields.number("target", kOffset);
  if (data.type != MessageData::Type::kReaction) return;
  data.key = fields.text("key", JsonFields::kAny);
  if (!is_emoji(data.key)) fields.refuse("key", "one emoji");
  data.is_on = fields.flag("on");
}

// What is put in the place of a message: it stays whose it was, and when it was.
std::string body_of(std::string_view data, const StoredMessage& message) {
  std::string body = "\"data\":";
  body.append(data);
  if (!message.info.empty()) body.append(",\"info\":").append(message.info);
  if (message.time != 0) body.append(",\"time\":").append(std::to_string(message.time));
  return body;
}

}  // namespace

Expected<MessageData, RpcError> read_message(std::string_view text) {
  JsonFields fields(text);
  fields.refuse_duplicates();
  const std::string type = fields.text("type", kTypeLength);
  MessageData data;
  bool is_known = type.starts_with("x-");
  for (const auto& [name, its_type] : kTypes) {
    if (type != name) continue;
    is_known = true;
    data.type = its_type;
  }
  if (fields.is_right() && type == "event") {
    return not_allowed("events are published by the server");
  }
  if (!is_known) fields.refuse("type", "message, edit, delete, reaction, typing or x-…");
  // With these a message would seem to have been edited, or deleted by somebody.
  for (const char* name : {"edit", "edited", "by"}) {
    if (fields.has(name)) fields.refuse(name, "nothing, for the server writes it");
  }
  if (fields.is_right() && data.type != MessageData::Type::kOther) read_members(fields, data);
  if (fields.is_right()) return data;
  return bad_request(fields.problem());
}

// Takes whatever stands there: where rooms need not be made it may be anything, and what was stored
// by another version of chirm must not be lost.
StoredMessage read_stored(const std::string& body) {
  JsonFields publication("{" + body + "}");
  StoredMessage message;
  message.body = body;
  message.data = publication.raw("data");
  message.info = publication.raw("info");
  message.time = publication.number_or("time", JsonFields::kAny, 0);
  JsonFields info(message.info);
  message.user = info.text_or("user", JsonFields::kAny, {});
  message.name = JsonFields(info.raw("conn_info")).text_or("name", JsonFields::kAny, message.user);
  JsonFields data(message.data);
  message.type = data.text_or("type", JsonFields::kAny, {});
  message.id = data.text_or("id", JsonFields::kAny, {});
  message.text = data.text_or("text", JsonFields::kAny, {});
  message.edit = data.number_or("edit", JsonFields::kAny, 0);
  message.target = data.number_or("target", JsonFields::kAny, 0);
  // Apart: what an application has put there must not make the others unreadable.
  JsonFields reactions(message.data);
  message.reactions = reactions.texts(kReactions, limits::kReactionsMax, {1, kEmojiBytesMax});
  if (!reactions.is_right()) message.reactions.clear();
  return message;
}

// What the author wrote beside the text is kept, except what the edit replaces.
std::string edited_body(const StoredMessage& message, std::string_view text, std::uint64_t time,
                        std::uint64_t edit) {
  JsonFields data(message.data);
  JsonWriter json;
  json.open();
  json.add("id", message.id);
  json.add("type", message.type);
  json.add("text", text);
  for (const char* name : {"time", "reply_to", "mentions", "reactions"}) {
    const std::string value = data.raw(name);
    if (!value.empty()) json.add_raw(name, value);
  }
  json.add("edited", time);
  json.add("edit", edit);
  json.close();
  return body_of(json.take(), message);
}

// All that the author wrote is kept, members that nothing here knows included.
std::string reacted_body(const StoredMessage& message, std::string_view key) {
  const std::string known = JsonFields(message.data).raw(kReactions);
  JsonWriter json;
  json.open();
  json.open_array(kReactions);
  for (const std::string& each : message.reactions) json.add_element(each);
  json.add_element(key);
  json.close_array();
  json.close();
  const std::string added = json.take().substr(1);
  std::string data = message.data;
  if (known.empty()) {
    data.replace(data.rfind('}'), std::string::npos, "," + added);
  } else {
    const std::string before = "\"" + std::string(kReactions) + "\":" + known;
    const std::size_t at = data.rfind(before);
    if (at == std::string::npos) return message.body;
    data.replace(at, before.size(), added.substr(0, added.size() - 1));
  }
  return body_of(data, message);
}

// Nothing of it is kept but its id, by which clients that hold a copy know it.
std::string deleted_body(const StoredMessage& message, std::string_view by) {
  JsonWriter json;
  json.open();
  if (!message.id.empty()) json.add("id", message.id);
  json.add("type", "deleted");
  json.add("by", by);
  json.close();
  return body_of(json.take(), message);
}

std::string overtaken_body(const StoredMessage& edit) {
  JsonWriter json;
  json.open();
  json.add("id", edit.id);
  json.add("type", kOvertaken);
  json.close();
  return body_of(json.take(), edit);
}

bool is_overtaken(const StoredMessage& message) { return message.type == kOvertaken; }

}  // namespace chirm
