// SPDX-License-Identifier: MIT
#include "client/terminal/view/chat_pages.h"

#include <algorithm>
#include <array>
#include <utility>

#include "client/terminal/chat/chat_command.h"
#include "client/terminal/text/local_time.h"
#include "client/terminal/text/safe_text.h"
#include "client/terminal/text/wording.h"

namespace chirm::terminal {

namespace {

constexpr Style kFaint{.colour = Colour::kFaint};
constexpr Style kBold{.is_bold = true};
constexpr int kUsageColumns = 32;

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

std::string minute_of(std::int64_t unix_ms) { return unix_ms <= 0 ? "-" : format_minute(unix_ms); }

Glyphs entry(std::string_view left, std::string_view right) {
  Glyphs line = glyphs_of(left, kBold);
  append_glyphs(line, " ");
  while (width_of(line) < kUsageColumns) append_glyphs(line, " ");
  append_glyphs(line, right);
  return line;
}

Glyphs person(std::string_view user, std::string_view name) {
  Glyphs line = glyphs_of(safe_line(user), {.colour = colour_of(user), .is_bold = true});
  if (!name.empty() && name != user) append_glyphs(line, " (" + safe_line(name) + ")");
  return line;
}

void add_remark(Page& page, std::string_view text) {
  page.paragraphs.push_back(glyphs_of(text, kFaint));
}

}  // namespace

Page text_page(std::string_view title, const std::vector<std::string>& lines) {
  Page page;
  page.title = title;
  for (const std::string& line : lines) page.paragraphs.push_back(glyphs_of(safe_text(line)));
  return page;
}

Page help_page() {
  Page page;
  page.title = "Help";
  page.indent = kUsageColumns;
  for (const ChatCommandHelp& command : chat_commands()) {
    std::string usage(command.word);
    if (!command.usage.empty()) usage += " " + std::string(command.usage);
    page.paragraphs.push_back(entry(usage, command.help));
  }
  page.paragraphs.push_back(entry("//TEXT", "say something that begins with a slash"));
  page.paragraphs.emplace_back();
  for (const auto& [keys, help] : kKeys) page.paragraphs.push_back(entry(keys, help));
  return page;
}

Page rooms_page(const std::vector<RoomEntry>& rooms, bool is_more) {
  Page page;
  page.title = count_of(rooms.size(), "room");
  for (const RoomEntry& room : rooms) {
    Glyphs line = glyphs_of("#" + safe_line(room.info.room), kBold);
    if (room.members > 0) append_glyphs(line, "  " + count_of(room.members, "member"), kFaint);
    if (!room.info.role.empty()) append_glyphs(line, "  " + safe_line(room.info.role), kFaint);
    if (!room.info.topic.empty()) append_glyphs(line, "  " + safe_line(room.info.topic));
    page.paragraphs.push_back(std::move(line));
  }
  if (is_more) add_remark(page, "There are more: /rooms WORD finds some of them.");
  return page;
}

Page people_page(std::string_view where, const std::vector<Person>& people, std::uint64_t count) {
  Page page;
  page.title = "In " + safe_line(where) + ": " + std::to_string(count);
  for (const Person& one : people) {
    Glyphs line = person(one.user, one.name);
    if (!one.status.empty() && one.status != "online") {
      append_glyphs(line, "  " + safe_line(one.status), kFaint);
    }
    page.paragraphs.push_back(std::move(line));
  }
  if (people.size() < count) add_remark(page, "They are too many to be listed.");
  return page;
}

Page members_page(std::string_view where, const std::vector<Member>& members, bool is_more) {
  Page page;
  page.title = "Members of " + safe_line(where);
  for (const Member& one : members) {
    Glyphs line = person(one.user, one.name);
    if (one.role != "member") append_glyphs(line, "  " + safe_line(one.role), kFaint);
    page.paragraphs.push_back(std::move(line));
  }
  if (is_more) add_remark(page, "There are more.");
  return page;
}

Page search_page(std::string_view where, std::string_view query,
                 const std::vector<SearchResult>& results, bool is_more) {
  Page page;
  page.title = count_of(results.size(), "result") + " for \"" + safe_line(query) + "\" in " +
               safe_line(where);
  for (const SearchResult& result : results) {
    Glyphs line = glyphs_of(minute_of(result.time_ms) + " ", kFaint);
    append_glyphs(line, safe_line(result.user) + ": ",
                  {.colour = colour_of(result.user), .is_bold = true});
    append_glyphs(line, safe_line(result.text));
    page.paragraphs.push_back(std::move(line));
  }
  if (is_more) add_remark(page, "What was said before that was not searched.");
  return page;
}

std::string describe_user(const UserAnswer& user) {
  std::string text = user.user;
  if (!user.name.empty() && user.name != user.user) text += " (" + user.name + ")";
  if (!user.role.empty() && user.role != "user") text += ", " + user.role;
  if (user.status == "offline") {
    return text +
           (user.last_seen_ms > 0 ? ", last seen " + minute_of(user.last_seen_ms) : ", offline");
  }
  return text + ", " + (user.status.empty() ? "online" : user.status);
}

}  // namespace chirm::terminal
