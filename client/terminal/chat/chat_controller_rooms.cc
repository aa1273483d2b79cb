// SPDX-License-Identifier: MIT
// What a controller does for the person: order in rooms, and people.
#include <utility>

#include "client/terminal/chat/chat_controller.h"
#include "client/terminal/model/chat_answers.h"
#include "client/terminal/text/safe_text.h"
#include "client/terminal/text/utf8.h"
#include "client/terminal/view/chat_pages.h"

namespace chirm::terminal {

namespace {

std::string user_of(std::string_view& argument) {
  std::string_view word = take_word(argument);
  if (word.starts_with('@')) word.remove_prefix(1);
  return to_utf8(word);
}

}  // namespace

void ChatController::run(const ChatCommand& command) {
  using enum ChatCommand::Kind;
  const std::string_view argument = command.argument;
  switch (command.kind) {
    case kNothing:
      return;
    case kSay:
      return say(argument);
    case kUnknown:
      return note("no such command: " + safe_line(argument) + " (/help lists them)", true);
    case kJoin:
      return join(argument);
    case kLeave:
      return leave(argument);
    case kCreate:
      return create(argument);
    case kDm:
      return open_dm(argument);
    case kRooms:
      return show_rooms(argument);
    case kWho:
      return show_who(argument);
    case kMembers:
      return show_members();
    case kSearch:
      return search(argument);
    case kReply:
      return reply(argument);
    case kEdit:
      return edit(argument);
    case kDelete:
      return delete_message();
    case kReact:
      return react(argument);
    case kInvite:
      return invite(argument);
    case kKick:
      return kick(argument);
    case kBan:
    case kMute:
      return restrain(command.kind, argument);
    case kUnban:
    case kUnmute:
      return release(command.kind, argument);
    case kRole:
      return set_role(argument);
    case kTopic:
      return set_topic(argument);
    case kTitle:
      return set_title(argument);
    case kBlock:
    case kUnblock:
      return block(command.kind, argument);
    case kAway:
    case kBack:
      return set_away(command.kind == kAway);
    case kHelp:
      return events_.show_page(help_page());
    case kQuit:
      return quit();
  }
}

// ---- Order in rooms

void ChatController::invite(std::string_view argument) {
  const Conversation* room = current_room();
  const std::string user = user_of(argument);
  if (room == nullptr) return;
  if (user.empty()) return note_usage(ChatCommand::Kind::kInvite);
  JsonWriter body;
  body.open();
  body.add("room", room->info.room);
  body.add("user", user);
  body.close();
  call("chat.invite", body, "invite " + safe_line(user),
       [this, user](std::string_view) { note(safe_line(user) + " is invited"); });
}

void ChatController::kick(std::string_view argument) {
  const Conversation* room = current_room();
  const std::string user = user_of(argument);
  if (room == nullptr) return;
  if (user.empty()) return note_usage(ChatCommand::Kind::kKick);
  JsonWriter body;
  body.open();
  body.add("room", room->info.room);
  body.add("user", user);
  if (!argument.empty()) body.add("reason", to_utf8(argument));
  body.close();
  call("chat.kick", body, "remove " + safe_line(user));
}

void ChatController::restrain(ChatCommand::Kind kind, std::string_view argument) {
  const Conversation* room = current_room();
  const std::string user = user_of(argument);
  if (room == nullptr) return;
  if (user.empty()) return note_usage(kind);
  std::string_view rest = argument;
  const auto seconds = parse_duration(take_word(rest));
  if (seconds) argument = rest;
  JsonWriter body;
  body.open();
  body.add("room", room->info.room);
  body.add("user", user);
  if (seconds) body.add("seconds", *seconds);
  if (!argument.empty()) body.add("reason", to_utf8(argument));
  body.close();
  const bool is_ban = kind == ChatCommand::Kind::kBan;
  call(is_ban ? "chat.ban" : "chat.mute", body, (is_ban ? "ban " : "mute ") + safe_line(user));
}

void ChatController::release(ChatCommand::Kind kind, std::string_view argument) {
  const Conversation* room = current_room();
  const std::string user = user_of(argument);
  if (room == nullptr) return;
  if (user.empty()) return note_usage(kind);
  JsonWriter body;
  body.open();
  body.add("room", room->info.room);
  body.add("user", user);
  body.close();
  const bool is_ban = kind == ChatCommand::Kind::kUnban;
  call(is_ban ? "chat.unban" : "chat.unmute", body,
       (is_ban ? "unban " : "unmute ") + safe_line(user));
}

void ChatController::set_role(std::string_view argument) {
  const Conversation* room = current_room();
  const std::string user = user_of(argument);
  const std::string role(take_word(argument));
  if (room == nullptr) return;
  if (user.empty() || role.empty()) return note_usage(ChatCommand::Kind::kRole);
  JsonWriter body;
  body.open();
  body.add("room", room->info.room);
  body.add("user", user);
  body.add("role", to_utf8(role));
  body.close();
  call("chat.role", body, "make " + safe_line(user) + " " + safe_line(role));
}

void ChatController::set_topic(std::string_view argument) {
  const Conversation* room = current_room();
  if (room == nullptr) return;
  if (argument.empty()) {
    return note(room->info.topic.empty() ? "there is no topic" : "topic: " + room->info.topic);
  }
  JsonWriter body;
  body.open();
  body.add("room", room->info.room);
  body.add("topic", to_utf8(argument));
  body.close();
  call("chat.set", body, "set the topic");
}

void ChatController::set_title(std::string_view argument) {
  const Conversation* room = current_room();
  if (room == nullptr) return;
  if (argument.empty()) return note_usage(ChatCommand::Kind::kTitle);
  JsonWriter body;
  body.open();
  body.add("room", room->info.room);
  body.add("title", to_utf8(argument));
  body.close();
  call("chat.set", body, "set the title");
}

// ---- People

void ChatController::show_who(std::string_view argument) {
  const Conversation* current = model_.current();
  const std::string user = user_of(argument);
  if (!user.empty()) {
    JsonWriter body;
    body.open();
    body.add("user", user);
    body.close();
    return call("chat.user", body, "say who " + safe_line(user) + " is",
                [this](std::string_view json) { note(describe_user(read_user(json))); });
  }
  if (current == nullptr) return note("you are in no room", true);
  events_.show_page(people_page(current->label(), current->people, current->people_count));
}

void ChatController::block(ChatCommand::Kind kind, std::string_view argument) {
  const std::string user = user_of(argument);
  if (user.empty()) return note_usage(kind);
  const bool is_blocking = kind == ChatCommand::Kind::kBlock;
  JsonWriter body;
  body.open();
  body.add("user", user);
  body.close();
  call(is_blocking ? "chat.block" : "chat.unblock", body,
       (is_blocking ? "block " : "unblock ") + safe_line(user),
       [this, user, is_blocking](std::string_view) {
         note(safe_line(user) + (is_blocking ? " is blocked" : " is not blocked any more"));
       });
}

void ChatController::set_away(bool is_away) {
  JsonWriter body;
  body.open();
  body.add("status", is_away ? "away" : "online");
  body.close();
  call("chat.status", body, is_away ? "be away" : "be back", [this, is_away](std::string_view) {
    is_away_ = is_away;
    people_timer_.start(0);
  });
}

}  // namespace chirm::terminal
