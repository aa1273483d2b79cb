// SPDX-License-Identifier: MIT
#include "client/terminal/model/chat_event.h"

#include <algorithm>
#include <array>
#include <utility>

#include "client/terminal/text/local_time.h"
#include "protocol/emoji.h"
#include "protocol/json_fields.h"
#include "protocol/limits.h"

namespace chirm::terminal {

namespace {

constexpr JsonFields::Range kOffsets{0, limits::kOffsetMax};
constexpr JsonFields::Range kTimes{0, limits::kTimeMaxMs};
constexpr std::size_t kMentionsReadMax = 1000;

ChatEvent::Type type_of(std::string_view name) {
  using enum ChatEvent::Type;
  static constexpr std::array<std::pair<std::string_view, ChatEvent::Type>, 7> kTypes{{
      {"message", kMessage},
      {"edit", kEdit},
      {"delete", kDelete},
      {"deleted", kDeleted},
      {"reaction", kReaction},
      {"typing", kTyping},
      {"event", kEvent},
  }};
  // All else is for other programs (types that begin with x-) or of a newer server.
  const auto* const found = std::find_if(kTypes.begin(), kTypes.end(),
                                         [&](const auto& type) { return type.first == name; });
  return found == kTypes.end() ? kOther : found->second;
}

// Of a member that the schema has as a time; one that is none is as if absent. Read apart from the
// others, so that a wrong time does not make the whole message wrong.
std::int64_t time_of(std::string_view data, std::string_view name) {
  JsonFields fields(data);
  return static_cast<std::int64_t>(fields.number_or(name, kTimes, 0));
}

void read_fields(ChatEvent& event, JsonFields& fields, std::string_view data) {
  event.id = fields.text_or("id", JsonFields::kAny, "");
  event.text = fields.text_or("text", JsonFields::kAny, "");
  event.time_ms = time_of(data, "time");
  event.reply_to = fields.number_or("reply_to", kOffsets, 0);
  event.mentions = fields.texts("mentions", kMentionsReadMax, JsonFields::kAny);
  event.is_edited = fields.has("edited");
  event.target = fields.number_or("target", kOffsets, 0);
  event.key = fields.text_or("key", JsonFields::kAny, "");
  event.is_on = fields.flag_or("on", false);
  event.by = fields.text_or("by", JsonFields::kAny, "");
  event.event = fields.text_or("event", JsonFields::kAny, "");
  event.subject = fields.text_or("user", JsonFields::kAny, "");
  event.reason = fields.text_or("reason", JsonFields::kAny, "");
  // Apart, as the times: only events have it as text.
  event.value = JsonFields(data).text_or("value", JsonFields::kAny, "");
  event.until_ms = time_of(data, "until");
}

std::string name_of(const ClientInfoView& info) {
  if (info.conn_info.empty()) return std::string(info.user);
  return JsonFields(info.conn_info).text_or("name", JsonFields::kAny, info.user);
}

}  // namespace

// Anybody may publish anything where the server does not check it. What is no chat message is shown
// as it is, rather than left out: other programs talk in rooms, too.
ChatEvent read_chat_event(const PublicationView& publication) {
  ChatEvent event;
  event.offset = publication.offset;
  event.user = publication.info.user;
  event.name = name_of(publication.info);
  const bool is_timed = publication.time_ms > 0 &&
                        static_cast<std::uint64_t>(publication.time_ms) <= limits::kTimeMaxMs;
  JsonFields fields(publication.data);
  const std::string type = fields.text_or("type", JsonFields::kAny, "");
  if (fields.is_right() && !type.empty()) {
    event.type = type_of(type);
    read_fields(event, fields, publication.data);
    // The server's word before that of whoever wrote it.
    if (is_timed) event.time_ms = publication.time_ms;
    if (event.type == ChatEvent::Type::kReaction && !is_emoji(event.key)) {
      event.type = ChatEvent::Type::kOther;  // of an older server, or one that checks nothing
    }
    const bool is_whole = event.type != ChatEvent::Type::kMessage || fields.has("text");
    if (is_whole) return event;
  }
  event.type = ChatEvent::Type::kMessage;
  if (is_timed) event.time_ms = publication.time_ms;
  event.text = publication.data;
  return event;
}

std::string describe_event(const ChatEvent& event) {
  const std::string& by = event.by.empty() ? event.user : event.by;
  const std::string because = event.reason.empty() ? "" : ": " + event.reason;
  const std::string until = event.until_ms > 0 ? " until " + format_minute(event.until_ms) : "";
  const bool is_self = by.empty() || by == event.subject;
  const std::string& what = event.event;
  if (what == "created") return (by.empty() ? event.subject : by) + " created the room";
  if (what == "join") return event.subject + " joined";
  if (what == "leave") return event.subject + " left";
  if (what == "invite") return by + " invited " + event.subject;
  if (what == "kick") return by + " removed " + event.subject + because;
  if (what == "ban") return by + " banned " + event.subject + until + because;
  if (what == "unban") return by + " lifted the ban of " + event.subject;
  if (what == "mute") return by + " muted " + event.subject + until + because;
  if (what == "unmute") return by + " lets " + event.subject + " speak again";
  if (what == "role")
    return (is_self ? "" : by + " made ") + event.subject + (is_self ? " is now " : " ") +
           event.value;
  if (what == "title") return by + " named the room \"" + event.value + "\"";
  if (what == "topic") {
    return event.value.empty() ? by + " removed the topic" : by + " set the topic: " + event.value;
  }
  if (what == "visibility") return by + " made the room " + event.value;
  if (what == "archive") {
    return by + (event.value == "false" ? " reopened the room" : " archived the room");
  }
  // Of a newer server.
  return what + (event.subject.empty() ? "" : " " + event.subject) + because;
}

}  // namespace chirm::terminal
