// SPDX-License-Identifier: MIT
#include "client/terminal/input_layout.h"

#include <gtest/gtest.h>

#include <clocale>

namespace chirm::terminal {
namespace {

class InputLayoutTest : public ::testing::Test {
 protected:
  InputLayoutTest() { std::setlocale(LC_CTYPE, "C.UTF-8"); }

  static void expect_layout(std::wstring_view text, std::size_t cursor, int rows, int cursor_row) {
    const InputLayout layout = lay_out(text, cursor, 10);
    EXPECT_EQ(layout.rows, rows);
    EXPECT_EQ(layout.cursor_row, cursor_row);
  }
};

TEST_F(InputLayoutTest, WrapsAtTheEdge) {
  expect_layout(L"", 0, 1, 0);
  expect_layout(L"123456789", 9, 1, 0);
  expect_layout(L"1234567890", 10, 2, 1);
  expect_layout(L"1234567890", 9, 2, 0);
  expect_layout(L"12345678901", 3, 2, 0);
  expect_layout(L"123456789012345678901", 21, 3, 2);
}

TEST_F(InputLayoutTest, MovesWideCharactersToTheNextRow) {
  expect_layout(L"123456789日", 9, 2, 1);
  expect_layout(L"12345678日x", 9, 2, 1);
}

}  // namespace
}  // namespace chirm::terminal
