// SPDX-License-Identifier: MIT
#include "client/terminal/screen/cell_grid.h"

#include <algorithm>

#include "core/base/check.h"

namespace chirm::terminal {

// A terminal that is being resized may say that it has no size at all.
CellGrid::CellGrid(int rows, int columns)
    : rows_(std::max(rows, 0)),
      columns_(std::max(columns, 0)),
      cells_(static_cast<std::size_t>(rows_) * static_cast<std::size_t>(columns_)) {}

CellGrid::Cell& CellGrid::cell(int row, int column) {
  CHIRM_CHECK(row >= 0 && row < rows_ && column >= 0 && column < columns_, row, column);
  return cells_[static_cast<std::size_t>(row * columns_ + column)];
}

const CellGrid::Cell& CellGrid::at(int row, int column) const {
  return const_cast<CellGrid*>(this)->cell(row, column);
}

// Before the cells [from, to) of a row are overwritten. Terminals do something about the other half
// of a wide character, too, but not all the same.
void CellGrid::blank_halves(int row, int from, int to) {
  if (from < columns_ && cell(row, from).text.empty()) cell(row, from - 1).text = " ";
  if (to < columns_ && cell(row, to).text.empty()) cell(row, to).text = " ";
}

int CellGrid::put(int row, int column, const Glyphs& glyphs, int columns_max) {
  if (row < 0 || row >= rows_ || column < 0) return column;
  const int end = std::min(column + std::max(columns_max, 0), columns_);
  for (const Glyph& glyph : glyphs) {
    // A line break: who wants several lines wraps before.
    if (glyph.width == 0) continue;
    if (column + glyph.width > end) break;
    blank_halves(row, column, column + glyph.width);
    cell(row, column) = {glyph.text, glyph.style};
    if (glyph.width == 2) cell(row, column + 1) = {"", glyph.style};
    column += glyph.width;
  }
  return column;
}

int CellGrid::put(int row, int column, std::string_view text, Style style, int columns_max) {
  return put(row, column, glyphs_of(text, style), columns_max);
}

void CellGrid::fill(const Rect& area, Style style) {
  const int from = std::max(area.column, 0);
  const int to = std::min(area.column + area.columns, columns_);
  if (from >= to) return;
  for (int row = std::max(area.row, 0); row < std::min(area.row + area.rows, rows_); ++row) {
    blank_halves(row, from, to);
    for (int column = from; column < to; ++column) cell(row, column) = {" ", style};
  }
}

std::string CellGrid::text(int row) const {
  std::string text;
  for (int column = 0; column < columns_; ++column) text += at(row, column).text;
  return text.substr(0, text.find_last_not_of(' ') + 1);
}

void CellGrid::check() const {
  CHIRM_CHECK(cells_.size() == static_cast<std::size_t>(rows_) * static_cast<std::size_t>(columns_),
              cells_.size(), rows_, columns_);
  for (int row = 0; row < rows_; ++row) {
    bool was_wide = false;  // in the cell before
    for (int column = 0; column < columns_; ++column) {
      const std::string& text = at(row, column).text;
      CHIRM_CHECK(text.empty() == was_wide, row, column);
      // Most of a screen is blank, and one byte is never wide.
      was_wide = text.size() > 1 && width_of(text) == 2;
    }
  }
}

}  // namespace chirm::terminal
