// SPDX-License-Identifier: MIT
#include "client/terminal/screen/input_layout.h"

#include <algorithm>

namespace chirm::terminal {

InputLayout lay_out(std::string_view prompt, Style prompt_style, std::string_view text,
                    std::size_t cursor, int columns) {
  columns = std::max(columns, 2);  // a wide character must fit
  Glyphs all = glyphs_of(prompt, prompt_style);
  append_glyphs(all, text.substr(0, cursor));
  const std::size_t cursor_at = all.size();
  append_glyphs(all, text.substr(std::min(cursor, text.size())));

  // One step more than there are glyphs: the cursor at the end stands in a cell of its own, which
  // may begin a row.
  InputLayout layout;
  layout.rows.emplace_back();
  int column = 0;
  for (std::size_t i = 0; i <= all.size(); ++i) {
    const bool is_end = i == all.size();
    Glyph glyph = is_end ? Glyph{" ", 1, {}} : std::move(all[i]);
    if (glyph.width == 0) glyph = {"⏎", 1, kFaintStyle};
    if (column + glyph.width > columns) {
      layout.rows.emplace_back();
      column = 0;
    }
    if (i == cursor_at) {
      layout.cursor_row = static_cast<int>(layout.rows.size()) - 1;
      layout.cursor_column = column;
    }
    column += glyph.width;
    if (!is_end) layout.rows.back().push_back(std::move(glyph));
  }
  return layout;
}

}  // namespace chirm::terminal
