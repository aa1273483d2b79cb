// SPDX-License-Identifier: MIT
#include "client/terminal/chat/help_page.h"

#include <array>
#include <string>
#include <string_view>
#include <utility>

namespace chirm::terminal {

namespace {

constexpr Style kBold{.is_bold = true};
constexpr int kUsageColumns = 32;  // the widest usage, and a blank

// Not made from key_bindings.cc: what one key does there in several encodings is one line here, and
// those of shells are left out.
constexpr std::array<std::pair<std::string_view, std::string_view>, 10> kKeys{{
    {"Tab, Shift-Tab", "complete commands, rooms and names"},
    {"Up, Down", "what was typed before"},
    {"PgUp, PgDn", "older and newer messages"},
    {"Alt-Up/Down, Ctrl-P/N", "previous and next conversation"},
    {"Alt-1 … Alt-0", "a conversation by its number"},
    {"Alt-A", "the next one with something unread"},
    {"Ctrl-Up/Down, Alt-K/J", "choose a message for /reply, /edit, /delete, /react"},
    {"Esc", "close a page, choose nothing, back to the newest message"},
    {"Alt-Enter", "a new line within the message"},
    {"Ctrl-L, Ctrl-Z, Ctrl-C", "draw anew; suspend; end"},
}};

Glyphs entry(std::string_view left, std::string_view right) {
  Glyphs line = glyphs_of(left, kBold);
  append_glyphs(line, " ");
  while (width_of(line) < kUsageColumns) append_glyphs(line, " ");
  append_glyphs(line, right);
  return line;
}

}  // namespace

Page help_page(std::span<const ChatCommand> commands) {
  Page page;
  page.title = "Help";
  page.indent = kUsageColumns;
  for (const ChatCommand& command : commands) {
    std::string usage(command.word);
    if (!command.usage.empty()) usage += " " + std::string(command.usage);
    page.paragraphs.push_back(entry(usage, command.help));
  }
  page.paragraphs.push_back(entry("//TEXT", "say something that begins with a slash"));
  page.paragraphs.emplace_back();
  for (const auto& [keys, help] : kKeys) page.paragraphs.push_back(entry(keys, help));
  return page;
}

}  // namespace chirm::terminal
