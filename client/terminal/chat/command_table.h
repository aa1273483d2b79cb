// SPDX-License-Identifier: MIT
#pragma once
// All commands that a person can type: the one table that /help, completion and running them go by,
// and what a typed line asks for. Private to client/terminal/.

#include <cstdint>
#include <functional>
#include <span>
#include <string_view>

#include "client/terminal/chat/chat_command.h"
#include "client/terminal/chat/list_commands.h"
#include "client/terminal/chat/message_commands.h"
#include "client/terminal/chat/moderation_commands.h"
#include "client/terminal/chat/people_commands.h"
#include "client/terminal/chat/room_commands.h"

namespace chirm::terminal {

// What the commands act on.
struct ChatCommands {
  ChatContext& chat;
  MessageCommands messages;
  RoomCommands rooms;
  ModerationCommands moderation;
  ListCommands lists;
  PeopleCommands people;
  std::function<void()> quit;
};

// In the order of /help.
std::span<const ChatCommand> chat_commands();

struct TypedLine {
  enum class Kind : std::uint8_t {
    kNothing,  // an empty line
    kSay,      // argument: the text; `//x` says `/x`
    kCommand,  // argument: what stands behind the word
    kUnknown,  // argument: what it was, with its slash
  };
  Kind kind = Kind::kNothing;
  std::string_view argument;             // into the line
  const ChatCommand* command = nullptr;  // of kCommand
};

TypedLine parse_line(std::string_view line);

}  // namespace chirm::terminal
