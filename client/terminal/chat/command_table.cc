// SPDX-License-Identifier: MIT
#include "client/terminal/chat/command_table.h"

#include <algorithm>
#include <array>
#include <type_traits>
#include <utility>

#include "client/terminal/chat/command_arguments.h"
#include "client/terminal/chat/help_page.h"

namespace chirm::terminal {

namespace {

// A row's function that calls `handler` of a member of ChatCommands. A handler takes the argument
// or nothing, and one that returns nothing cannot be used wrongly.
template <auto kPart, auto kHandler>
CommandUse on(ChatCommands& commands, std::string_view argument) {
  auto& part = commands.*kPart;
  const auto handle = [&] {
    if constexpr (std::is_invocable_v<decltype(kHandler), decltype(part), std::string_view>) {
      return (part.*kHandler)(argument);
    } else {
      return (part.*kHandler)();
    }
  };
  if constexpr (std::is_void_v<decltype(handle())>) {
    handle();
    return CommandUse::kRight;
  } else {
    return handle();
  }
}

constexpr auto kMessages = &ChatCommands::messages;
constexpr auto kRooms = &ChatCommands::rooms;
constexpr auto kModeration = &ChatCommands::moderation;
constexpr auto kLists = &ChatCommands::lists;
constexpr auto kPeople = &ChatCommands::people;

CommandUse show_help(ChatCommands& commands, std::string_view) {
  commands.chat.events.show_page(help_page(chat_commands()));
  return CommandUse::kRight;
}

CommandUse quit(ChatCommands& commands, std::string_view) {
  commands.quit();
  return CommandUse::kRight;
}

using enum ChatCommand::Argument;

constexpr std::array<ChatCommand, 29> kCommands{{
    {"/join", "ROOM", "join a room, or go to it", kRoom, on<kRooms, &RoomCommands::join>},
    {"/leave", "[ROOM]", "leave this room, or put a conversation away", kRoom,
     on<kRooms, &RoomCommands::leave>},
    {"/create", "ROOM [private]", "make a room", kText, on<kRooms, &RoomCommands::create>},
    {"/delete-room", "ROOM [yes]", "delete a room of yours, with all that was said in it", kRoom,
     on<kRooms, &RoomCommands::remove>},
    {"/dm", "USER [TEXT]", "talk with one person", kUser, on<kRooms, &RoomCommands::open_dm>},
    {"/rooms", "[TEXT]", "list rooms", kText, on<kLists, &ListCommands::show_rooms>},
    {"/who", "[USER]", "who is here, or about somebody", kUser,
     on<kPeople, &PeopleCommands::show_who>},
    {"/members", "", "who belongs to this room", kNone, on<kLists, &ListCommands::show_members>},
    {"/search", "TEXT", "search this conversation", kText, on<kLists, &ListCommands::search>},
    {"/reply", "TEXT", "answer the chosen or newest message", kText,
     on<kMessages, &MessageCommands::reply>},
    {"/edit", "[TEXT]", "change the chosen message or your newest", kText,
     on<kMessages, &MessageCommands::edit>},
    {"/delete", "", "delete the chosen message or your newest", kNone,
     on<kMessages, &MessageCommands::remove>},
    {"/react", "EMOJI", "react to the chosen or newest message; again: take it back", kText,
     on<kMessages, &MessageCommands::react>},
    {"/invite", "USER", "let somebody into this room", kUser,
     on<kModeration, &ModerationCommands::invite>},
    {"/kick", "USER [REASON]", "remove somebody from this room", kUser,
     on<kModeration, &ModerationCommands::kick>},
    {"/ban", "USER [10m|2h|7d] [REASON]", "keep somebody out", kUser,
     on<kModeration, &ModerationCommands::ban>},
    {"/unban", "USER", "let them in again", kUser, on<kModeration, &ModerationCommands::unban>},
    {"/mute", "USER [10m|2h|7d] [REASON]", "keep somebody from writing here", kUser,
     on<kModeration, &ModerationCommands::mute>},
    {"/unmute", "USER", "let them write again", kUser,
     on<kModeration, &ModerationCommands::unmute>},
    {"/role", "USER owner|moderator|member", "change what somebody may do", kUser,
     on<kModeration, &ModerationCommands::set_role>},
    {"/topic", "[TEXT]", "show or set the topic", kText,
     on<kModeration, &ModerationCommands::set_topic>},
    {"/title", "TEXT", "set the room's title", kText,
     on<kModeration, &ModerationCommands::set_title>},
    {"/block", "USER", "no private messages with somebody", kUser,
     on<kPeople, &PeopleCommands::block>},
    {"/unblock", "USER", "allow them again", kUser, on<kPeople, &PeopleCommands::unblock>},
    {"/sessions", "[end NUMBER]", "where you are signed in, or end that", kText,
     on<kPeople, &PeopleCommands::sessions>},
    {"/away", "", "you are away", kNone, on<kPeople, &PeopleCommands::go_away>},
    {"/back", "", "you are here again", kNone, on<kPeople, &PeopleCommands::come_back>},
    {"/help", "", "this list", kNone, show_help},
    {"/quit", "", "send what is waiting, then end", kNone, quit},
}};

// What people type who know other chats. Neither listed nor completed: one word each is enough to
// learn.
constexpr std::array<std::pair<std::string_view, std::string_view>, 4> kOtherWords{
    {{"/j", "/join"}, {"/exit", "/quit"}, {"/msg", "/dm"}, {"/part", "/leave"}}};

const ChatCommand* find_command(std::string_view word) {
  for (const auto& [other, meant] : kOtherWords) {
    if (other == word) word = meant;
  }
  const auto* const found =
      std::find_if(kCommands.begin(), kCommands.end(),
                   [&](const ChatCommand& command) { return command.word == word; });
  return found == kCommands.end() ? nullptr : found;
}

}  // namespace

std::span<const ChatCommand> chat_commands() { return kCommands; }

TypedLine parse_line(std::string_view line) {
  using enum TypedLine::Kind;
  line = trim(line);
  if (line.empty()) return {};
  if (line.starts_with("//")) return {kSay, line.substr(1)};
  if (!line.starts_with('/')) return {kSay, line};
  // A pasted text may begin with a command and go on in the next line.
  const std::size_t end = line.find_first_of(" \t\n");
  const std::string_view word = line.substr(0, end);
  const ChatCommand* command = find_command(word);
  if (command == nullptr) return {kUnknown, word};
  const std::string_view argument = end == std::string_view::npos ? "" : trim(line.substr(end));
  return {kCommand, argument, command};
}

}  // namespace chirm::terminal
