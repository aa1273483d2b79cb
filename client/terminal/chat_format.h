// SPDX-License-Identifier: MIT
#pragma once
// How messages look: for people at a terminal, and for scripts. Pure, but for the time zone.

#include <cstdint>
#include <string>
#include <string_view>

namespace chirm::terminal {

// A message as it came. Nothing in it is safe to be printed.
struct ChatLine {
  std::string_view room;
  std::string_view user;     // "" when the server published
  std::int64_t time_ms = 0;  // unix time, 0 when unknown
  std::string_view text;
};

// `14:05 ada: text`, behind `#room ` if wanted. With the date when it was not on the day of now_ms;
// further lines of the text are indented. Without a line feed at the end.
std::string format_for_people(const ChatLine& line, bool with_room, std::int64_t now_ms);

// `#room user: text` in one line, with the line feed at its end. In the text, `\n` stands for a
// line feed and `\\` for a backslash; in the user's name, a backslash stands before blanks, colons
// and backslashes.
std::string format_for_scripts(const ChatLine& line);

// "1 message", "2 messages"
std::string count_of(std::uint64_t count, std::string_view noun);

}  // namespace chirm::terminal
