// SPDX-License-Identifier: MIT
#include "core/rooms/rules/request.h"

#include "core/rooms/rules/names.h"
#include "core/rooms/rules/room_errors.h"
#include "protocol/channel_name.h"
#include "protocol/json_fields.h"
#include "protocol/limits.h"

namespace chirm {

namespace {

// Ten years: far enough from where adding it to a time would overflow.
constexpr std::uint64_t kSecondsMax = 10ULL * 366 * 24 * 3600;
// Lengths are in characters. Names of users and channels are bounded in bytes, as they become parts
// of channels' names.
constexpr JsonFields::Range kNameLength{1, 64};
constexpr JsonFields::Range kTitleLength{1, 80};
constexpr JsonFields::Range kTopicLength{0, 250};
constexpr JsonFields::Range kReasonLength{0, 250};
constexpr JsonFields::Range kQueryLength{0, 100};

// Only what is right so far is looked at more closely: of several problems the first is told.
std::string read_room(JsonFields& fields) {
  std::string room = fields.text("room", kNameLength);
  if (fields.is_right() && !is_room_name(room)) {
    fields.refuse("room", "lower-case letters, digits, '.', '_' and '-', a letter or digit first");
  }
  return room;
}

std::string read_user(JsonFields& fields) {
  std::string user = fields.text("user", {1, limits::kUserBytes});
  if (fields.is_right() && !is_channel_name(user)) fields.refuse("user", "a user's name");
  return user;
}

std::string read_channel(JsonFields& fields) {
  std::string channel = fields.text("channel", {1, limits::kChannelBytes});
  if (fields.is_right() && !is_channel_name(channel)) fields.refuse("channel", "a channel's name");
  return channel;
}

// Titles, topics and reasons are shown in lists and terminals, where a second line would pass for
// something that the program says.
std::optional<std::string> read_line(JsonFields& fields, std::string_view name,
                                     JsonFields::Range length) {
  if (!fields.has(name)) return std::nullopt;
  std::string text = fields.text(name, length);
  if (!is_one_line(text)) fields.refuse(name, "one line without control characters");
  return text;
}

Rank read_role(JsonFields& fields) {
  const std::string role = fields.text("role", kNameLength);
  for (const Rank rank : {Rank::kMember, Rank::kModerator, Rank::kOwner}) {
    if (role == text_of(rank)) return rank;
  }
  fields.refuse("role", "owner, moderator or member");
  return Rank::kNone;
}

std::optional<bool> read_visibility(JsonFields& fields) {
  if (!fields.has("visibility")) return std::nullopt;
  const std::string visibility = fields.text("visibility", kNameLength);
  if (visibility != "public" && visibility != "private") {
    fields.refuse("visibility", "public or private");
  }
  return visibility == "public";
}

std::optional<ContactRecord::From> read_from(JsonFields& fields) {
  if (!fields.has("from")) return std::nullopt;
  const auto from = contact_from(fields.text("from", kNameLength));
  if (!from) fields.refuse("from", "everybody, users, rooms or nobody");
  return from;
}

std::string read_what(JsonFields& fields) {
  std::string what = fields.text("what", kNameLength);
  if (what != "invitations" && what != "requests") {
    fields.refuse("what", "invitations or requests");
  }
  return what;
}

std::string read_status(JsonFields& fields) {
  std::string status = fields.text("status", kNameLength);
  if (status != "online" && status != "away") fields.refuse("status", "online or away");
  return status;
}

void read(Field field, JsonFields& fields, const Schema& schema, Request& request) {
  switch (field) {
    case Field::kRoom:
      request.room = read_room(fields);
      return;
    case Field::kUser:
      request.user = read_user(fields);
      return;
    case Field::kChannel:
      request.channel = read_channel(fields);
      return;
    case Field::kAfter:
      request.after = fields.text_or("after", {0, limits::kChannelBytes + 1}, {});
      return;
    case Field::kQuery:
      request.query = fields.text_or("query", kQueryLength, {});
      return;
    case Field::kSearch:
      request.query = fields.text("query", {1, kQueryLength.high});
      return;
    case Field::kReason:
      request.reason = read_line(fields, "reason", kReasonLength).value_or("");
      return;
    case Field::kStatus:
      request.status = read_status(fields);
      return;
    case Field::kTitle:
      request.title = read_line(fields, "title", kTitleLength);
      return;
    case Field::kTopic:
      request.topic = read_line(fields, "topic", kTopicLength);
      return;
    case Field::kVisibility:
      request.is_public = read_visibility(fields);
      return;
    case Field::kSeconds:
      if (fields.has("seconds")) request.seconds = fields.number("seconds", {1, kSecondsMax});
      return;
    case Field::kArchived:
      request.is_archived = fields.flag("archived");
      return;
    case Field::kFrom:
      request.from = read_from(fields);
      return;
    case Field::kWhat:
      request.is_about_invitations = read_what(fields) == "invitations";
      return;
    case Field::kRole:
      request.role = read_role(fields);
      return;
    case Field::kOffset:
      request.offset = fields.number("offset", {0, limits::kOffsetMax});
      return;
    case Field::kBefore:
      request.before = fields.number_or("before", {1, limits::kOffsetMax}, 0);
      return;
    case Field::kLimit:
      request.limit = static_cast<std::uint32_t>(
          fields.number_or("limit", {1, std::uint64_t{schema.limit} * 10}, schema.limit));
      return;
  }
}

}  // namespace

Expected<Request, RpcError> read_request(const Schema& schema, std::string_view data) {
  JsonFields fields(data);
  Request request;
  for (const Field field : schema.fields) read(field, fields, schema, request);
  if (fields.is_right()) return request;
  return bad_request(fields.problem());
}

}  // namespace chirm
