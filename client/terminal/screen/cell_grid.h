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
    std::string text = " ";  // "" exactly behind a character that is two cells wide
    Style style;
  };

  CellGrid(int rows, int columns);

  int rows() const { return rows_; }
  int columns() const { return columns_; }
  // Must be within the grid.
  const Cell& at(int row, int column) const;

  // Writes from there on, at most `columns_max` cells and to the edge; returns the column behind.
  // Rows that the grid does not have are ignored. Of a character that is two cells wide and
  // overwritten by half, the other half becomes a blank.
  int put(int row, int column, const Glyphs& glyphs, int columns_max);
  int put(int row, int column, std::string_view text, Style style, int columns_max);
  void fill(const Rect& area, Style style);

  // For tests: the text of a row, without blanks at its end.
  std::string text(int row) const;
  // Ends the process when what it says of itself does not hold.
  void check() const;

  // Where the cursor is to stand; row -1 hides it.
  int cursor_row = -1;
  int cursor_column = 0;

 private:
  Cell& cell(int row, int column);
  void blank_halves(int row, int from, int to);

  int rows_;
  int columns_;
  std::vector<Cell> cells_;
};

}  // namespace chirm::terminal
