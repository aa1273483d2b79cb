// SPDX-License-Identifier: MIT
#include "client/terminal/plain/chat_line.h"

#include "client/terminal/text/safe_text.h"
#include "client/terminal/text/wording.h"

namespace chirm::terminal {

namespace {

void append_escaped(std::string& out, std::string_view text, std::string_view special) {
  for (const char c : text) {
    if (c == '\n') {
      out += "\\n";
      continue;
    }
    if (special.find(c) != std::string_view::npos) out += '\\';
    out += c;
  }
}

}  // namespace

std::string format_for_scripts(const ChatLine& line) {
  std::string out = "#" + safe_line(line.room) + " ";
  // Blanks and colons end the name for a script that splits the line, so those of the name itself
  // are escaped: nobody can look like somebody else by a name such as "ada: yes".
  append_escaped(out, shown_name(line.user), "\\ :");
  out += ": ";
  append_escaped(out, safe_text(line.text), "\\");
  out += '\n';
  return out;
}

}  // namespace chirm::terminal
