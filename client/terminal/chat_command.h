// SPDX-License-Identifier: MIT
#pragma once
// What a line typed at the terminal asks for. Pure.

#include <cstdint>
#include <string_view>

namespace chirm::terminal {

struct ChatCommand {
  enum class Kind : std::uint8_t {
    kNothing,  // an empty line
    kSay,      // argument: the text; `//x` says `/x`
    kJoin,     // argument: the room
    kLeave,    // argument: the room or ""
    kWho,      // argument: the room or ""
    kRooms,
    kHelp,
    kQuit,
    kUnknown,  // argument: what it was, with its slash
  };
  Kind kind = Kind::kNothing;
  std::string_view argument;  // into the line
};

// A room may be written with or without its #.
ChatCommand parse_chat_command(std::string_view line);

// What /help shows, a line each.
inline constexpr std::string_view kChatHelp =
    "/join ROOM    join a room, or go on talking in it\n"
    "/leave [ROOM] leave the room, or that one\n"
    "/who [ROOM]   who is here, or there\n"
    "/rooms        the rooms you are in\n"
    "/quit         send what is waiting, then end (so does Ctrl-D)\n"
    "//text        say something that starts with a slash";

}  // namespace chirm::terminal
