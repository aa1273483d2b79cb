// SPDX-License-Identifier: MIT
#include "core/rooms/rules/records.h"

#include "protocol/json_fields.h"
#include "protocol/json_writer.h"

namespace chirm {

namespace {

void add_text(JsonWriter& json, std::string_view name, std::string_view text) {
  if (!text.empty()) json.add(name, text);
}

void add_sanction(JsonWriter& json, std::string_view name, const Sanction& sanction) {
  if (sanction.until == 0) return;
  json.open(name);
  json.add("until", sanction.until);
  add_text(json, "reason", sanction.reason);
  add_text(json, "by", sanction.by);
  json.close();
}

Sanction decode_sanction(const std::string& text) {
  JsonFields fields(text);
  return {fields.number_or("until", JsonFields::kAny, 0),
          fields.text_or("reason", JsonFields::kAny, {}),
          fields.text_or("by", JsonFields::kAny, {})};
}

}  // namespace

std::string members_of(std::string_view room) { return std::string(kMemberPrefix).append(room); }
std::string outsiders_of(std::string_view room) { return "outside:" + std::string(room); }
std::string muted_in(std::string_view room) { return "muted:" + std::string(room); }
std::string blocked_by(std::string_view user) { return "block:" + std::string(user); }
std::string rooms_of(std::string_view user) { return std::string(kListPrefix).append(user); }
std::string dms_of(std::string_view user) { return std::string(kDmsPrefix).append(user); }
std::string invitations_of(std::string_view user) {
  return std::string(kInvitedPrefix).append(user);
}
std::string requests_of(std::string_view user) { return std::string(kAskedPrefix).append(user); }
std::string owned_by(std::string_view user) { return "owned:" + std::string(user); }

std::string RoomRecord::encode() const {
  JsonWriter json;
  json.open();
  add_text(json, "title", title);
  add_text(json, "topic", topic);
  json.add("public", is_public);
  if (is_archived) json.add("archived", true);
  if (is_deleted) json.add("deleted", true);
  add_text(json, "owner", owner);
  json.add("created", created);
  json.close();
  return json.take();
}

RoomRecord RoomRecord::decode(std::string_view text) {
  JsonFields fields(text);
  return {.title = fields.text_or("title", JsonFields::kAny, {}),
          .topic = fields.text_or("topic", JsonFields::kAny, {}),
          // What cannot be read is not shown to everybody.
          .is_public = fields.flag_or("public", false),
          .is_archived = fields.flag_or("archived", false),
          .is_deleted = fields.flag_or("deleted", false),
          .owner = fields.text_or("owner", JsonFields::kAny, {}),
          .created = fields.number_or("created", JsonFields::kAny, 0)};
}

// A name is no reason to keep a record, or everybody who has ever left would stay in the room's
// collection, which is read when its members are listed. When they joined is of members only: it
// would be wrong after they have come back.
std::string MemberRecord::encode() const {
  if (!is_member() && ban.until == 0 && mute.until == 0 && invited_by.empty() && !removed) {
    return {};
  }
  JsonWriter json;
  json.open();
  if (is_member()) {
    json.add("role", role == Role::kModerator ? "moderator" : "member");
    json.add("joined", joined);
  }
  add_text(json, "name", name);
  add_sanction(json, "ban", ban);
  add_sanction(json, "mute", mute);
  add_text(json, "invited_by", invited_by);
  if (removed) json.add("removed", *removed);
  json.close();
  return json.take();
}

// An unknown role is none: whoever has it loses rights, and gains none.
MemberRecord MemberRecord::decode(std::string_view text) {
  JsonFields fields(text);
  const std::string role = fields.text_or("role", JsonFields::kAny, {});
  MemberRecord record;
  if (role == "member") record.role = Role::kMember;
  if (role == "moderator") record.role = Role::kModerator;
  record.joined = fields.number_or("joined", JsonFields::kAny, 0);
  record.name = fields.text_or("name", JsonFields::kAny, {});
  record.ban = decode_sanction(fields.raw("ban"));
  record.mute = decode_sanction(fields.raw("mute"));
  record.invited_by = fields.text_or("invited_by", JsonFields::kAny, {});
  if (fields.has("removed")) record.removed = fields.text("removed", JsonFields::kAny);
  return record;
}

std::string ListRecord::encode() const {
  JsonWriter json;
  json.open();
  json.add("read", read);
  if (is_hidden) json.add("hidden", true);
  if (since != 0) json.add("since", since);
  json.close();
  return json.take();
}

ListRecord ListRecord::decode(std::string_view text) {
  JsonFields fields(text);
  return {fields.number_or("read", JsonFields::kAny, 0), fields.flag_or("hidden", false),
          fields.number_or("since", JsonFields::kAny, 0)};
}

std::string_view text_of(ContactRecord::From from) {
  switch (from) {
    case ContactRecord::From::kEverybody:
      return "everybody";
    case ContactRecord::From::kUsers:
      return "users";
    case ContactRecord::From::kRooms:
      return "rooms";
    case ContactRecord::From::kNobody:
      break;
  }
  return "nobody";
}

std::optional<ContactRecord::From> contact_from(std::string_view text) {
  using From = ContactRecord::From;
  for (const From from : {From::kEverybody, From::kUsers, From::kRooms, From::kNobody}) {
    if (text == text_of(from)) return from;
  }
  return std::nullopt;
}

// What is everybody's from the beginning need not be kept.
std::string ContactRecord::encode() const {
  if (from == From::kEverybody) return {};
  JsonWriter json;
  json.open();
  json.add("from", text_of(from));
  json.close();
  return json.take();
}

// Something was asked for that this version does not know: better fewer than too many.
ContactRecord ContactRecord::decode(std::string_view text) {
  JsonFields fields(text);
  return {contact_from(fields.text_or("from", JsonFields::kAny, {})).value_or(From::kNobody)};
}

std::string PersonRecord::encode() const {
  JsonWriter json;
  json.open();
  json.add("name", name);
  json.add("role", text_of(role));
  json.close();
  return json.take();
}

// An unknown role is a user's: a guest of another version of chirm is not an administrator.
PersonRecord PersonRecord::decode(std::string_view text) {
  JsonFields fields(text);
  PersonRecord record;
  record.name = fields.text_or("name", JsonFields::kAny, {});
  const std::string role = fields.text_or("role", JsonFields::kAny, {});
  if (role == text_of(UserRole::kGuest)) record.role = UserRole::kGuest;
  if (role == text_of(UserRole::kAdmin)) record.role = UserRole::kAdmin;
  return record;
}

}  // namespace chirm
