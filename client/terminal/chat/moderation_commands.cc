// SPDX-License-Identifier: MIT
#include "client/terminal/chat/moderation_commands.h"

#include <optional>
#include <string>

#include "client/terminal/chat/command_arguments.h"
#include "client/terminal/text/safe_text.h"
#include "client/terminal/text/utf8.h"

namespace chirm::terminal {

namespace {

// What a reason is, or nothing: the server takes an empty one for a mistake.
std::optional<std::string> text_of(std::string_view argument) {
  if (argument.empty()) return std::nullopt;
  return to_utf8(argument);
}

}  // namespace

// All of these say first that they are for rooms, and only then how they are used: in a private
// conversation the right arguments would not help.

CommandUse ModerationCommands::invite(std::string_view argument) {
  const Conversation* room = chat_.current_room();
  const std::string user = take_user(argument);
  if (room == nullptr) return CommandUse::kRight;
  if (user.empty()) return CommandUse::kWrong;
  chat_.call("chat.invite", object_of("room", room->info.room, "user", user),
             "invite " + safe_line(user),
             [this, user](std::string_view) { chat_.note(safe_line(user) + " is invited"); });
  return CommandUse::kRight;
}

CommandUse ModerationCommands::kick(std::string_view argument) {
  const Conversation* room = chat_.current_room();
  const std::string user = take_user(argument);
  if (room == nullptr) return CommandUse::kRight;
  if (user.empty()) return CommandUse::kWrong;
  chat_.call("chat.kick",
             object_of("room", room->info.room, "user", user, "reason", text_of(argument)),
             "remove " + safe_line(user));
  return CommandUse::kRight;
}

CommandUse ModerationCommands::restrain(std::string_view verb, std::string_view argument) {
  const Conversation* room = chat_.current_room();
  const std::string user = take_user(argument);
  if (room == nullptr) return CommandUse::kRight;
  if (user.empty()) return CommandUse::kWrong;
  // A word that is no duration begins the reason; without a duration it is for good.
  std::string_view rest = argument;
  const auto seconds = parse_duration(take_word(rest));
  if (seconds) argument = rest;
  chat_.call("chat." + std::string(verb),
             object_of("room", room->info.room, "user", user, "seconds", seconds, "reason",
                       text_of(argument)),
             std::string(verb) + " " + safe_line(user));
  return CommandUse::kRight;
}

CommandUse ModerationCommands::release(std::string_view verb, std::string_view argument) {
  const Conversation* room = chat_.current_room();
  const std::string user = take_user(argument);
  if (room == nullptr) return CommandUse::kRight;
  if (user.empty()) return CommandUse::kWrong;
  chat_.call("chat." + std::string(verb), object_of("room", room->info.room, "user", user),
             std::string(verb) + " " + safe_line(user));
  return CommandUse::kRight;
}

CommandUse ModerationCommands::set_role(std::string_view argument) {
  const Conversation* room = chat_.current_room();
  const std::string user = take_user(argument);
  const std::string role(take_word(argument));
  if (room == nullptr) return CommandUse::kRight;
  if (user.empty() || role.empty()) return CommandUse::kWrong;
  chat_.call("chat.role", object_of("room", room->info.room, "user", user, "role", to_utf8(role)),
             "make " + safe_line(user) + " " + safe_line(role));
  return CommandUse::kRight;
}

void ModerationCommands::set_topic(std::string_view argument) {
  const Conversation* room = chat_.current_room();
  if (room == nullptr) return;
  if (argument.empty()) {
    return chat_.note(room->info.topic.empty() ? "there is no topic"
                                               : "topic: " + room->info.topic);
  }
  chat_.call("chat.set", object_of("room", room->info.room, "topic", to_utf8(argument)),
             "set the topic");
}

CommandUse ModerationCommands::set_title(std::string_view argument) {
  const Conversation* room = chat_.current_room();
  if (room == nullptr) return CommandUse::kRight;
  if (argument.empty()) return CommandUse::kWrong;
  chat_.call("chat.set", object_of("room", room->info.room, "title", to_utf8(argument)),
             "set the title");
  return CommandUse::kRight;
}

}  // namespace chirm::terminal
