// SPDX-License-Identifier: MIT
#include "client/terminal/view/chat_panels.h"

#include <algorithm>

#include "client/terminal/text/safe_text.h"
#include "client/terminal/text/wording.h"

namespace chirm::terminal {

namespace {

constexpr Style kHeading{.colour = Colour::kFaint, .is_bold = true};

std::string badge_of(const Conversation& conversation) {
  if (conversation.unread == 0) return conversation.is_mentioned ? "@" : "";
  const std::string count =
      conversation.unread > 999 ? "999+" : std::to_string(conversation.unread);
  return (conversation.is_mentioned ? "@" : "") + count;
}

struct ListRow {
  const Conversation* conversation;  // null for a heading and for a gap
  std::string_view heading;
  std::size_t number;
};

// Numbers go on from one group to the next, for they are what Alt and a digit go by.
std::vector<ListRow> rows_of(const ChatModel& model) {
  std::vector<ListRow> rows;
  std::size_t number = 0;
  bool was_dm = false;
  for (const auto& one : model.conversations()) {
    if (rows.empty() || one->info.is_dm != was_dm) {
      if (!rows.empty()) rows.push_back({nullptr, "", 0});
      rows.push_back({nullptr, one->info.is_dm ? "Private" : "Rooms", 0});
    }
    was_dm = one->info.is_dm;
    rows.push_back({one.get(), "", ++number});
  }
  return rows;
}

void draw_entry(CellGrid& grid, int row, const Rect& area, const ListRow& entry, bool is_current) {
  const Conversation& conversation = *entry.conversation;
  const bool has_news = conversation.unread > 0 || conversation.is_mentioned;
  Style style{.is_bold = has_news, .is_reversed = is_current};
  if (is_current) grid.fill({row, area.column, 1, area.columns}, style);
  const Glyphs badge =
      glyphs_of(badge_of(conversation),
                {.colour = conversation.is_mentioned ? Colour::kMark : Colour::kAccent,
                 .is_bold = true,
                 .is_reversed = is_current});
  const int badge_columns = badge.empty() ? 0 : width_of(badge) + 1;
  // The digit is the key that leads there with Alt: 0 for the tenth.
  const std::string number = entry.number <= 10 ? std::to_string(entry.number % 10) : " ";
  grid.put(row, area.column, number, {.colour = Colour::kFaint, .is_reversed = is_current}, 1);
  grid.put(row, area.column + 2,
           fit(glyphs_of(safe_line(conversation.label()), style), area.columns - 2 - badge_columns),
           area.columns - 2 - badge_columns);
  grid.put(row, area.column + area.columns - width_of(badge), badge, width_of(badge));
}

std::string typing_text(const Conversation& conversation) {
  std::string text;
  std::size_t count = 0;
  for (const auto& [user, until] : conversation.typing) {
    if (++count > 3) break;
    text += (text.empty() ? "" : ", ") + safe_line(user);
  }
  // The line has other things to say, and a crowd's names would jump.
  if (count > 3) return "several people are typing …";
  if (count == 0) return "";
  return text + (count == 1 ? " is typing …" : " are typing …");
}

Style style_of(ConnectionStatus::State state) {
  switch (state) {
    case ConnectionStatus::State::kConnected:
      return {.colour = Colour::kGood};
    case ConnectionStatus::State::kLost:
      return {.colour = Colour::kBad, .is_bold = true};
    case ConnectionStatus::State::kConnecting:
    case ConnectionStatus::State::kCatchingUp:
      return {.colour = Colour::kMark};
  }
  return {};
}

std::string unread_elsewhere(const ChatModel& model) {
  std::size_t unread = 0;
  bool is_mentioned = false;
  for (const auto& one : model.conversations()) {
    if (one.get() == model.current()) continue;
    unread += one->unread;
    is_mentioned = is_mentioned || one->is_mentioned;
  }
  if (unread == 0) return "";
  return (is_mentioned ? "@" : "") + std::to_string(unread) + " unread";
}

}  // namespace

void draw_header(CellGrid& grid, const Rect& area, const ChatModel& model) {
  grid.fill(area, {.is_reversed = true});
  const Conversation* current = model.current();
  Glyphs line = glyphs_of(" ", {.is_reversed = true});
  if (current == nullptr) {
    append_glyphs(line, "chirm", {.is_bold = true, .is_reversed = true});
  } else {
    const ChannelInfo& info = current->info;
    append_glyphs(line, safe_line(current->label()), {.is_bold = true, .is_reversed = true});
    std::string rest;
    // A title that says the same again is none.
    if (!info.is_dm && !info.title.empty() && info.title != info.room) rest += "  " + info.title;
    if (info.is_archived) rest += "  (archived)";
    if (!info.topic.empty()) rest += (rest.empty() ? "  " : " — ") + info.topic;
    if (info.is_dm) rest += "  private";
    append_glyphs(line, safe_line(rest), {.is_reversed = true});
  }
  // Always in sight, whatever the room is called: it leads to all else.
  constexpr std::string_view kHint = " /help ";
  const int columns = area.columns - static_cast<int>(kHint.size());
  grid.put(area.row, area.column, fit(std::move(line), columns), columns);
  grid.put(area.row, columns, kHint, {.is_reversed = true}, area.columns - columns);
}

void draw_list(CellGrid& grid, const Rect& area, const ChatModel& model) {
  const std::vector<ListRow> rows = rows_of(model);
  const auto current = std::find_if(rows.begin(), rows.end(), [&](const ListRow& row) {
    return row.conversation != nullptr && row.conversation == model.current();
  });
  const int count = static_cast<int>(rows.size());
  const int place = static_cast<int>(current - rows.begin());
  // The current one in the middle, as far as the ends of the list allow.
  const int first = std::clamp(place - area.rows / 2, 0, std::max(count - area.rows, 0));
  for (int i = 0; i < area.rows && first + i < count; ++i) {
    const ListRow& row = rows[static_cast<std::size_t>(first + i)];
    if (row.conversation == nullptr) {
      grid.put(area.row + i, area.column, row.heading, kHeading, area.columns);
    } else {
      draw_entry(grid, area.row + i, area, row, row.conversation == model.current());
    }
  }
}

void draw_people(CellGrid& grid, const Rect& area, const ChatModel& model) {
  const Conversation* current = model.current();
  if (current == nullptr) return;
  const std::string count =
      current->people_count > 0 ? " " + std::to_string(current->people_count) : "";
  grid.put(area.row, area.column, "Here" + count, kHeading, area.columns);
  // As many as there is room for; the number above says how many there are.
  int row = area.row + 1;
  for (const Person& person : current->people) {
    if (row == area.row + area.rows) break;
    const bool is_away = person.status == "away";
    const Style style =
        is_away ? kFaintStyle : Style{.colour = colour_of(person.user), .is_bold = false};
    Glyphs name = glyphs_of(safe_line(person.name.empty() ? person.user : person.name), style);
    if (is_away) append_glyphs(name, " (away)", kFaintStyle);
    grid.put(row++, area.column, fit(std::move(name), area.columns), area.columns);
  }
}

void draw_status(CellGrid& grid, const Rect& area, const ChatModel& model, const ViewState& view,
                 bool has_list) {
  // First the rule, then what stands in it: between the two sides it stays.
  for (int column = 0; column < area.columns; ++column) {
    grid.put(area.row, area.column + column, "─", kFaintStyle, 1);
  }
  Glyphs right;
  append_glyphs(right, " " + view.me, {.is_bold = true});
  if (view.is_away) append_glyphs(right, " (away)", {.colour = Colour::kMark});
  append_glyphs(right, " ");
  // A long name may not push out what the connection does.
  const int right_columns = std::min(width_of(right), area.columns / 2);

  Glyphs left = glyphs_of(" ");
  append_glyphs(left, view.connection.text, style_of(view.connection.state));
  const auto add = [&](const std::string& text, Style style) {
    if (text.empty()) return;
    append_glyphs(left, "  ");
    append_glyphs(left, text, style);
  };
  const Conversation* current = model.current();
  if (!has_list) add(unread_elsewhere(model), {.colour = Colour::kMark, .is_bold = true});
  // What is being chosen from comes first: it is gone with the next key.
  if (!view.completions.empty()) {
    add(safe_line(view.completions), {});
  } else if (current != nullptr) {
    if (!current->position.is_at_end && view.page == nullptr)
      add("older messages: Esc to return", {});
    add(typing_text(*current), kFaintStyle);
  }
  append_glyphs(left, " ");
  const int left_columns = area.columns - right_columns - 1;
  grid.put(area.row, area.column, fit(std::move(left), left_columns), left_columns);
  grid.put(area.row, area.column + area.columns - right_columns, fit(right, right_columns),
           right_columns);
}

}  // namespace chirm::terminal
