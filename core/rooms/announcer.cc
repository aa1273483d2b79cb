// SPDX-License-Identifier: MIT
#include "core/rooms/announcer.h"

#include "core/loop/loop.h"
#include "core/rooms/rules/names.h"
#include "core/rooms/rules/records.h"
#include "protocol/json_writer.h"
#include "protocol/message.h"

namespace chirm {

void Announcer::publish(std::string_view channel, std::string_view data,
                        std::string_view message_id) {
  std::string body;
  append_publication_body(body, data, {}, loop_.unix_ms());
  broker_.publish({.channel = channel, .body = body, .user = {}, .message_id = message_id},
                  [](const auto&) {});
}

void Announcer::tell_room(std::string_view room, const RoomEvent& event) {
  JsonWriter json;
  json.open();
  json.add("type", "event");
  json.add("event", event.event);
  json.add("user", event.user);
  if (!event.by.empty()) json.add("by", event.by);
  if (!event.reason.empty()) json.add("reason", event.reason);
  if (event.until != 0 && event.until != kForGood) json.add("until", event.until);
  if (!event.value.empty()) json.add("value", event.value);
  json.add("time", static_cast<std::uint64_t>(loop_.unix_ms()));
  json.close();
  publish(channel_of_room(room), json.take(), {});
}

void Announcer::tell_user(std::string_view user, std::string_view data,
                          std::string_view message_id) {
  publish(inbox_of(user), data, message_id);
}

// Without what the entry says: by the time the note arrives it may have changed again, so the
// client asks for it.
void Announcer::tell_listed(std::string_view user, std::string_view channel) {
  JsonWriter json;
  json.open();
  json.add("type", "channel");
  json.add("channel", channel);
  json.close();
  tell_user(user, json.take());
}

}  // namespace chirm
