// SPDX-License-Identifier: MIT
#include "client/terminal/screen/cell_grid.h"

#include <algorithm>

#include "core/base/check.h"

namespace chirm::terminal {

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

int CellGrid::put(int row, int column, const Glyphs& glyphs, int columns_max) {
  if (row < 0 || row >= rows_ || column < 0) return column;
  const int end = std::min(column + std::max(columns_max, 0), columns_);
  for (const Glyph& glyph : glyphs) {
    if (glyph.width == 0) continue;
    if (column + glyph.width > end) break;
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
  for (int row = std::max(area.row, 0); row < std::min(area.row + area.rows, rows_); ++row) {
    const int end = std::min(area.column + area.columns, columns_);
    for (int column = std::max(area.column, 0); column < end; ++column) {
      cell(row, column) = {" ", style};
    }
  }
}

std::string CellGrid::text(int row) const {
  std::string text;
  for (int column = 0; column < columns_; ++column) text += at(row, column).text;
  return text.substr(0, text.find_last_not_of(' ') + 1);
}

}  // namespace chirm::terminal
