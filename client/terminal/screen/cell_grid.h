// SPDX-License-Identifier: MIT
#pragma once
// What a screen shows, cell by cell, before it is on the screen. Pure. Private to client/terminal/.

#include <string>
#include <string_view>
#include <vector>

#include "client/terminal/screen/glyphs.h"

namespace chirm::terminal {

struct Rect {
  int row = 0;
  int column = 0;
  int rows = 0;
  int columns = 0;
};

class CellGrid {
 public:
  struct Cell {
    std::string text = " ";  // "" behind a character that is two cells wide
    Style style;
  };

  CellGrid(int rows, int columns);

  int rows() const { return rows_; }
  int columns() const { return columns_; }
  const Cell& at(int row, int column) const;

  // Writes from there on, at most `columns_max` cells and to the edge; returns the column behind.
  int put(int row, int column, const Glyphs& glyphs, int columns_max);
  int put(int row, int column, std::string_view text, Style style, int columns_max);
  void fill(const Rect& area, Style style);

  // For tests: the text of a row, without blanks at its end.
  std::string text(int row) const;

  // Where the cursor is to stand; row -1 hides it.
  int cursor_row = -1;
  int cursor_column = 0;

 private:
  Cell& cell(int row, int column);

  int rows_;
  int columns_;
  std::vector<Cell> cells_;
};

}  // namespace chirm::terminal
