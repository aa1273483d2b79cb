// SPDX-License-Identifier: MIT
#include "client/terminal/model/chat_answers.h"

#include <algorithm>

#include "client/terminal/model/chat_event.h"
#include "protocol/json_fields.h"
#include "protocol/limits.h"

namespace chirm::terminal {

namespace {

constexpr JsonFields::Range kNumbers{0, limits::kOffsetMax};
constexpr std::size_t kElementsMax = 100'000;

// Whatever a message can hold: what is too long to be shown is cut where it is shown.
std::string text(JsonFields& fields, std::string_view name) {
  return fields.text_or(name, JsonFields::kAny, "");
}

std::uint64_t number(JsonFields& fields, std::string_view name) {
  return fields.number_or(name, kNumbers, 0);
}

ChannelInfo info_of(JsonFields& fields) {
  ChannelInfo info;
  info.channel = text(fields, "channel");
  info.is_dm = info.channel.starts_with("dm:");
  info.room = text(fields, "room");
  info.title = text(fields, "title");
  info.topic = text(fields, "topic");
  info.role = text(fields, "role");
  info.is_archived = fields.flag_or("archived", false);
  info.user = text(fields, "user");
  info.name = text(fields, "name");
  // Answers about one room name it and leave the channel to us.
  if (info.channel.empty() && !info.room.empty()) info.channel = "room:" + info.room;
  return info;
}

// Calls read(fields) for the objects of an array.
template <class Read>
void each(std::string_view json, std::string_view name, Read read) {
  for (const std::string& element : JsonFields(json).raw_elements(name, kElementsMax)) {
    JsonFields fields(element);
    read(fields);
  }
}

}  // namespace

SyncAnswer read_sync(std::string_view json) {
  SyncAnswer answer;
  JsonFields fields(json);
  answer.user = text(fields, "user");
  answer.name = text(fields, "name");
  each(json, "channels", [&](JsonFields& one) {
    SyncAnswer::Channel channel;
    channel.info = info_of(one);
    channel.top = number(one, "top");
    channel.read = number(one, "read");
    channel.last_ms = number(one, "last");
    channel.epoch = text(one, "epoch");
    // The model finds conversations by their channel.
    if (!channel.info.channel.empty()) answer.channels.push_back(std::move(channel));
  });
  each(json, "invited", [&](JsonFields& one) {
    answer.invited.push_back({text(one, "room"), text(one, "by")});
  });
  return answer;
}

std::string read_next(std::string_view json) { return JsonFields(json).raw("next"); }

ChannelInfo read_room(std::string_view json) {
  JsonFields fields(json);
  return info_of(fields);
}

std::string read_channel(std::string_view json) {
  JsonFields fields(json);
  return text(fields, "channel");
}

PresenceAnswer read_presence(std::string_view json) {
  PresenceAnswer answer;
  JsonFields fields(json);
  answer.count = number(fields, "count");
  each(json, "users", [&](JsonFields& one) {
    answer.people.push_back({text(one, "user"), text(one, "name"), text(one, "status")});
  });
  // So that names keep their places from one answer to the next.
  std::sort(answer.people.begin(), answer.people.end(),
            [](const Person& a, const Person& b) { return a.user < b.user; });
  return answer;
}

std::vector<RoomEntry> read_rooms(std::string_view json) {
  std::vector<RoomEntry> rooms;
  each(json, "rooms", [&](JsonFields& one) {
    const std::uint64_t members = number(one, "members");
    rooms.push_back({info_of(one), members});
  });
  return rooms;
}

std::vector<Member> read_members(std::string_view json) {
  std::vector<Member> members;
  each(json, "members", [&](JsonFields& one) {
    members.push_back({text(one, "user"), text(one, "name"), text(one, "role")});
  });
  return members;
}

UserAnswer read_user(std::string_view json) {
  JsonFields fields(json);
  UserAnswer answer;
  answer.user = text(fields, "user");
  answer.name = text(fields, "name");
  answer.role = text(fields, "role");
  answer.status = text(fields, "status");
  answer.last_seen_ms = static_cast<std::int64_t>(number(fields, "last_seen"));
  return answer;
}

std::vector<OwnSession> read_own_sessions(std::string_view json) {
  std::vector<OwnSession> sign_ins;
  each(json, "sessions", [&](JsonFields& one) {
    sign_ins.push_back({text(one, "id"), text(one, "agent"),
                        static_cast<std::int64_t>(number(one, "used")),
                        one.flag_or("current", false)});
  });
  std::ranges::stable_sort(sign_ins, std::ranges::greater(), &OwnSession::used_ms);
  return sign_ins;
}

std::vector<SearchResult> read_results(std::string_view json) {
  std::vector<SearchResult> results;
  each(json, "results", [&](JsonFields& one) {
    // What was said is in the form in which it was published; who said it stands beside it.
    const std::string data = one.raw("data");
    const ChatEvent event = read_chat_event({.data = data, .offset = 0, .info = {}});
    results.push_back({number(one, "offset"), text(one, "user"), event.text, event.time_ms});
  });
  return results;
}

InboxEvent read_inbox_event(std::string_view json) {
  JsonFields fields(json);
  InboxEvent event;
  event.type = text(fields, "type");
  event.channel = text(fields, "channel");
  event.text = text(fields, "text");
  event.user = text(fields, "user");
  event.reason = text(fields, "reason");
  event.offset = number(fields, "offset");
  return event;
}

}  // namespace chirm::terminal
