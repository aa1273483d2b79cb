// SPDX-License-Identifier: MIT
#include "client/terminal/view/chat_pages.h"

#include <algorithm>
#include <utility>

#include "client/terminal/text/local_time.h"
#include "client/terminal/text/safe_text.h"
#include "client/terminal/text/wording.h"

namespace chirm::terminal {

namespace {

constexpr Style kBold{.is_bold = true};

std::string minute_of(std::int64_t unix_ms) { return unix_ms <= 0 ? "-" : format_minute(unix_ms); }

// In the colour that they have beside their messages.
Glyphs person(std::string_view user, std::string_view name) {
  Glyphs line = glyphs_of(safe_line(user), {.colour = colour_of(user), .is_bold = true});
  if (!name.empty() && name != user) append_glyphs(line, " (" + safe_line(name) + ")");
  return line;
}

void add_remark(Page& page, std::string_view text) {
  page.paragraphs.push_back(glyphs_of(text, kFaintStyle));
}

}  // namespace

Page text_page(std::string_view title, const std::vector<std::string>& lines) {
  Page page;
  page.title = title;
  for (const std::string& line : lines) page.paragraphs.push_back(glyphs_of(safe_text(line)));
  return page;
}

Page rooms_page(const std::vector<RoomEntry>& rooms, bool is_more) {
  Page page;
  page.title = count_of(rooms.size(), "room");
  for (const RoomEntry& room : rooms) {
    Glyphs line = glyphs_of("#" + safe_line(room.info.room), kBold);
    // A server without members counts none.
    if (room.members > 0) append_glyphs(line, "  " + count_of(room.members, "member"), kFaintStyle);
    if (!room.info.role.empty()) append_glyphs(line, "  " + safe_line(room.info.role), kFaintStyle);
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
    // Everybody is: only what is different is said, as with roles below.
    if (!one.status.empty() && one.status != "online") {
      append_glyphs(line, "  " + safe_line(one.status), kFaintStyle);
    }
    page.paragraphs.push_back(std::move(line));
  }
  if (people.size() < count) add_remark(page, "They are too many to be listed.");
  return page;
}

Page sessions_page(const std::vector<OwnSession>& sign_ins) {
  Page page;
  page.title = "Signed in: " + std::to_string(sign_ins.size());
  for (std::size_t i = 0; i < sign_ins.size(); ++i) {
    const OwnSession& one = sign_ins[i];
    Glyphs line = glyphs_of(std::to_string(i + 1) + "  ", kBold);
    append_glyphs(line, one.agent.empty() ? "an unknown program" : safe_line(one.agent));
    append_glyphs(line, "  used " + minute_of(one.used_ms), kFaintStyle);
    if (one.is_current) append_glyphs(line, "  this one", kFaintStyle);
    page.paragraphs.push_back(std::move(line));
  }
  add_remark(page, sign_ins.empty() ? "You have no account here, and so no sessions to choose from."
                                    : "/sessions end NUMBER ends one.");
  return page;
}

Page members_page(std::string_view where, const std::vector<Member>& members, bool is_more) {
  Page page;
  page.title = "Members of " + safe_line(where);
  for (const Member& one : members) {
    Glyphs line = person(one.user, one.name);
    if (one.role != "member") append_glyphs(line, "  " + safe_line(one.role), kFaintStyle);
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
    Glyphs line = glyphs_of(minute_of(result.time_ms) + " ", kFaintStyle);
    append_glyphs(line, safe_line(result.user) + ": ",
                  {.colour = colour_of(result.user), .is_bold = true});
    append_glyphs(line, safe_line(result.text));
    page.paragraphs.push_back(std::move(line));
  }
  if (is_more) add_remark(page, "What was said before that was not searched.");
  return page;
}

// In a note, which makes it safe.
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
