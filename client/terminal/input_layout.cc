// SPDX-License-Identifier: MIT
#include "client/terminal/input_layout.h"

#include <algorithm>
#include <cwchar>

namespace chirm::terminal {

InputLayout lay_out(std::wstring_view text, std::size_t cursor, int columns) {
  columns = std::max(columns, 2);  // a wide character must fit
  int row = 0;
  int column = 0;
  int cursor_row = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const int width = std::max(wcwidth(text[i]), 0);
    if (column + width > columns) {
      ++row;
      column = 0;
    }
    if (i == cursor) cursor_row = row;
    column += width;
    if (column >= columns) {  // the editor moves on as soon as a row is full
      ++row;
      column = 0;
    }
  }
  if (cursor >= text.size()) cursor_row = row;
  return {row + 1, cursor_row};
}

}  // namespace chirm::terminal
