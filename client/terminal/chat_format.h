// SPDX-License-Identifier: MIT
#pragma once
// How messages look for scripts, and what is said of connections. Pure.

#include <cstdint>
#include <string>
#include <string_view>

#include "client/client.h"

namespace chirm::terminal {

// A message as it came. Nothing in it is safe to be printed.
struct ChatLine {
  std::string_view room;
  std::string_view user;     // "" when the server published
  std::int64_t time_ms = 0;  // unix time, 0 when unknown
  std::string_view text;
};

// `#room user: text` in one line, with the line feed at its end. In the text, `\n` stands for a
// line feed and `\\` for a backslash; in the user's name, a backslash stands before blanks, colons
// and backslashes.
std::string format_for_scripts(const ChatLine& line);

// "0.3 s": rounded up, so that it is never 0.
std::string seconds_of(std::uint32_t ms);

// Why the server sent one away, or (`was_connected` false) did not let one in, for stderr.
std::string describe_refusal(const client::Disconnected& why, std::string_view where,
                             bool was_connected, bool lacks_token);

// The server has neither accounts nor rooms that one is a member of.
bool is_without_members(const client::CommandError& error);

// Nobody has made that room.
bool is_no_such_room(const client::CommandError& error);
// Why one is not let into a room.
std::string describe_join_refusal(std::string_view room, const client::CommandError& error);

// "1 message", "2 messages"
std::string count_of(std::uint64_t count, std::string_view noun);

}  // namespace chirm::terminal
