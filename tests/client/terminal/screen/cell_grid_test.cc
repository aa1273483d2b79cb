// SPDX-License-Identifier: MIT
#include "client/terminal/screen/cell_grid.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <clocale>
#include <string>
#include <vector>

#include "core/base/random.h"

namespace chirm::terminal {
namespace {

class CellGridTest : public ::testing::Test {
 protected:
  CellGridTest() { std::setlocale(LC_CTYPE, "C.UTF-8"); }
};

TEST_F(CellGridTest, CutsAtTheEdge) {
  CellGrid grid(1, 5);
  EXPECT_EQ(grid.put(0, 3, "abc", {}, 9), 5);
  EXPECT_EQ(grid.text(0), "   ab");
  EXPECT_EQ(grid.put(0, 0, "日本", {}, 3), 2);
  EXPECT_EQ(grid.text(0), "日 ab");
  EXPECT_EQ(grid.put(1, 0, "abc", {}, 9), 0);
}

TEST_F(CellGridTest, LeavesNoHalfOfAWideCharacter) {
  CellGrid grid(1, 4);
  grid.put(0, 0, "日本", {}, 4);
  grid.put(0, 1, "x", {}, 1);
  EXPECT_EQ(grid.text(0), " x本");
  grid.put(0, 2, "y", {}, 1);
  EXPECT_EQ(grid.text(0), " xy");
  grid.put(0, 0, "日本", {}, 4);
  grid.fill({0, 1, 1, 2}, {});
  EXPECT_EQ(grid.text(0), "");
  grid.check();
}

// A row as characters and where they stand; all else is blank.
class RowModel {
 public:
  explicit RowModel(int columns) : columns_(columns) {}

  int put(int column, const Glyphs& glyphs, int columns_max) {
    const int end = std::min(column + columns_max, columns_);
    for (const Glyph& glyph : glyphs) {
      if (column + glyph.width > end) break;
      clear(column, column + glyph.width);
      spans_.push_back({column, column + glyph.width, glyph.text});
      column += glyph.width;
    }
    return column;
  }
  void clear(int from, int to) {
    std::erase_if(spans_, [&](const Span& one) { return one.from < to && from < one.to; });
  }
  std::string text() const {
    std::string text;
    for (int column = 0; column < columns_;) {
      const auto found = std::find_if(spans_.begin(), spans_.end(),
                                      [&](const Span& one) { return one.from == column; });
      text += found == spans_.end() ? " " : found->text;
      column = found == spans_.end() ? column + 1 : found->to;
    }
    return text.substr(0, text.find_last_not_of(' ') + 1);
  }

 private:
  struct Span {
    int from;
    int to;
    std::string text;
  };
  int columns_;
  std::vector<Span> spans_;
};

TEST_F(CellGridTest, ShowsWhatTheModelShowsWithRandomCalls) {
  constexpr int kRows = 3;
  constexpr int kColumns = 12;
  for (std::uint64_t seed = 1; seed <= 40; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Random random(seed);
    const auto below = [&](int end) {
      return static_cast<int>(random.between(0, static_cast<std::uint64_t>(end) - 1));
    };
    CellGrid grid(kRows, kColumns);
    std::vector<RowModel> model(kRows, RowModel(kColumns));
    for (int i = 0; i < 200 && !HasFailure(); ++i) {
      const int row = below(kRows);
      const int column = below(kColumns);
      if (below(5) == 0) {
        const Rect area{row, column, below(kRows + 1), below(kColumns)};
        grid.fill(area, {});
        for (int r = row; r < std::min(row + area.rows, kRows); ++r) {
          if (area.columns > 0) {
            model[static_cast<std::size_t>(r)].clear(column, column + area.columns);
          }
        }
      } else {
        std::string text;
        for (int length = below(5); length >= 0; --length) text += below(2) == 0 ? "日" : "x";
        const int columns_max = below(kColumns);
        EXPECT_EQ(grid.put(row, column, text, {}, columns_max),
                  model[static_cast<std::size_t>(row)].put(column, glyphs_of(text), columns_max));
      }
      grid.check();
      for (int r = 0; r < kRows; ++r) {
        EXPECT_EQ(grid.text(r), model[static_cast<std::size_t>(r)].text());
      }
    }
  }
}

}  // namespace
}  // namespace chirm::terminal
