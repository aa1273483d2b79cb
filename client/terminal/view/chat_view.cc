// SPDX-License-Identifier: MIT
#include "client/terminal/view/chat_view.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "client/terminal/screen/input_layout.h"
#include "client/terminal/text/safe_text.h"
#include "client/terminal/text/wording.h"
#include "client/terminal/view/chat_panels.h"
#include "client/terminal/view/message_lines.h"
#include "core/base/check.h"

namespace chirm::terminal {

namespace {

constexpr int kListColumns = 20;
constexpr int kPeopleColumns = 18;
// The messages keep 40 columns at least, as on the narrowest screen.
constexpr int kColumnsForList = 64;
constexpr int kColumnsForPeople = 92;
constexpr int kInputRowsMax = 5;
constexpr std::string_view kPrompt = "› ";
constexpr Style kPromptStyle{.colour = Colour::kAccent, .is_bold = true};

InputLayout layout_of(const InputLine& input, int columns) {
  return lay_out(kPrompt, kPromptStyle, input.text(), input.text_before_cursor().size(), columns);
}

int rows_of(const InputLayout& layout, int rows) {
  // On a low screen the messages keep their few rows, and what is typed scrolls in one.
  const int rows_max = std::clamp(rows - 8, 1, kInputRowsMax);
  return std::min(static_cast<int>(layout.rows.size()), rows_max);
}

void draw_input(CellGrid& grid, const Rect& area, const InputLayout& layout) {
  const int count = static_cast<int>(layout.rows.size());
  // The cursor is always in sight.
  const int first =
      std::clamp(layout.cursor_row - area.rows + 1, 0, std::max(count - area.rows, 0));
  for (int i = 0; i < area.rows && first + i < count; ++i) {
    grid.put(area.row + i, area.column, layout.rows[static_cast<std::size_t>(first + i)],
             area.columns);
  }
  grid.cursor_row = area.row + layout.cursor_row - first;
  grid.cursor_column = area.column + layout.cursor_column;
}

// Wrapped anew for each drawing: the terminal may have another size by then.
std::vector<Glyphs> lines_of(const Page& page, int columns) {
  std::vector<Glyphs> lines;
  // On a narrow screen the indent of /help would leave no room for the text.
  const int indent_columns = std::min(page.indent, columns / 4);
  const Glyphs blanks =
      glyphs_of(std::string(static_cast<std::size_t>(std::max(indent_columns, 0)), ' '));
  for (const Glyphs& paragraph : page.paragraphs) {
    Glyphs indent;
    for (Glyphs& line : wrap(paragraph, columns, indent_columns)) {
      indent.insert(indent.end(), std::make_move_iterator(line.begin()),
                    std::make_move_iterator(line.end()));
      lines.push_back(std::exchange(indent, blanks));
    }
  }
  return lines;
}

void draw_page(CellGrid& grid, const Rect& area, const Page& page) {
  const Style title{.colour = Colour::kAccent, .is_bold = true};
  const int end = grid.put(area.row, area.column, page.title, title, area.columns);
  grid.put(area.row, end, "  PgUp, PgDn; Esc closes", kFaintStyle,
           area.column + area.columns - end);
  const std::vector<Glyphs> lines = lines_of(page, area.columns);
  const auto first = static_cast<std::size_t>(std::max(page.scrolled, 0));
  for (int i = 0; i < area.rows - 2; ++i) {
    const std::size_t line = first + static_cast<std::size_t>(i);
    if (line >= lines.size()) break;
    grid.put(area.row + 2 + i, area.column, lines[line], area.columns);
  }
}

void draw_messages(CellGrid& grid, const Rect& area, const ChatModel& model) {
  const Conversation* current = model.current();
  if (current == nullptr) return;
  const MessageLines messages(*current, area.columns);
  const MessageWindow window = window_of(messages, current->position, area.rows);
  if (messages.size() == 0) {
    const char* const text = current->is_loaded ? "Nothing was said here yet." : "Reading …";
    grid.put(area.row + area.rows - 1, area.column, text, kFaintStyle, area.columns);
    return;
  }
  // The newest stands at the bottom, beside the line that is typed; what is free is above.
  int row = area.row + area.rows - static_cast<int>(window.lines.size());
  for (const Glyphs& line : window.lines) grid.put(row++, area.column, line, area.columns);
}

void draw_separator(CellGrid& grid, const Rect& area) {
  for (int row = area.row; row < area.row + area.rows; ++row) {
    grid.put(row, area.column, "│", kFaintStyle, 1);
  }
}

}  // namespace

ViewLayout lay_out_view(int rows, int columns, int input_rows) {
  ViewLayout layout;
  layout.header = {0, 0, 1, columns};
  layout.input = {rows - input_rows, 0, input_rows, columns};
  layout.status = {layout.input.row - 1, 0, 1, columns};
  const int body_rows = layout.status.row - 1;
  const int list = columns >= kColumnsForList ? kListColumns : 0;
  const int people = columns >= kColumnsForPeople ? kPeopleColumns : 0;
  layout.list = {1, 0, body_rows, list};
  layout.people = {1, columns - people, body_rows, people};
  // A line stands between the list and the messages, with a blank; on the right between two.
  const int left = list == 0 ? 0 : list + 2;
  const int right = people == 0 ? 0 : people + 3;
  layout.messages = {1, left, body_rows, columns - left - right};
  layout.page = {1, left, body_rows, columns - left};
  return layout;
}

ViewLayout lay_out_view(const InputLine& input, int rows, int columns) {
  return lay_out_view(rows, columns, rows_of(layout_of(input, columns), rows));
}

CellGrid draw(const ChatModel& model, const ViewState& view, const InputLine& input, int rows,
              int columns) {
  CellGrid grid(rows, columns);
  // Below that, the parts of the layout would overlap.
  if (rows < kRowsMin || columns < kColumnsMin) {
    grid.put(rows / 2, 0, "too small: chirm needs 40x10", {}, columns);
    return grid;
  }
  const InputLayout typed = layout_of(input, columns);
  const ViewLayout layout = lay_out_view(rows, columns, rows_of(typed, rows));
  draw_header(grid, layout.header, model);
  if (layout.list.columns > 0) {
    draw_list(grid, layout.list, model);
    draw_separator(grid, {1, layout.list.columns, layout.list.rows, 1});
  }
  if (view.page != nullptr) {
    draw_page(grid, layout.page, *view.page);
  } else {
    draw_messages(grid, layout.messages, model);
  }
  if (layout.people.columns > 0 && view.page == nullptr) {
    draw_separator(grid, {1, layout.people.column - 2, layout.people.rows, 1});
    draw_people(grid, layout.people, model);
  }
  draw_status(grid, layout.status, model, view, layout.list.columns > 0);
  draw_input(grid, layout.input, typed);
  if constexpr (kChecksInvariants) grid.check();
  return grid;
}

// The title and a blank line stay; the last line of the page goes no higher than the last row.
void scroll(Page& page, int lines, const Rect& area) {
  const int count = static_cast<int>(lines_of(page, area.columns).size());
  page.scrolled = std::clamp(page.scrolled + lines, 0, std::max(count - (area.rows - 2), 0));
}

}  // namespace chirm::terminal
