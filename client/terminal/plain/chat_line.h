// SPDX-License-Identifier: MIT
#pragma once
// How a message looks on stdout, for scripts. Pure.

#include <cstdint>
#include <string>
#include <string_view>

namespace chirm::terminal {

// A message as it came: nothing in it is safe to be printed. The views belong to the caller.
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

}  // namespace chirm::terminal
