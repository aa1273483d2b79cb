// SPDX-License-Identifier: MIT
#include "client/terminal/screen/input_layout.h"

#include <gtest/gtest.h>

#include <clocale>
#include <string>

namespace chirm::terminal {
namespace {

class InputLayoutTest : public ::testing::Test {
 protected:
  InputLayoutTest() { std::setlocale(LC_CTYPE, "C.UTF-8"); }

  // Rows joined by |, and where the cursor stands.
  static std::string laid_out(std::string_view before, std::string_view behind = "") {
    const std::string text = std::string(before) + std::string(behind);
    const InputLayout layout = lay_out("> ", {}, text, before.size(), 10);
    std::string all;
    for (const Glyphs& row : layout.rows) {
      all += (all.empty() ? "" : "|") + text_of(row);
    }
    return all + " " + std::to_string(layout.cursor_row) + "," +
           std::to_string(layout.cursor_column);
  }
};

TEST_F(InputLayoutTest, WrapsAtTheEdge) {
  EXPECT_EQ(laid_out(""), ">  0,2");
  EXPECT_EQ(laid_out("1234567"), "> 1234567 0,9");
  EXPECT_EQ(laid_out("12345678"), "> 12345678| 1,0");
  EXPECT_EQ(laid_out("123456789"), "> 12345678|9 1,1");
  EXPECT_EQ(laid_out("123", "456789"), "> 12345678|9 0,5");
}

TEST_F(InputLayoutTest, MovesWideCharactersToTheNextRow) {
  EXPECT_EQ(laid_out("1234567日"), "> 1234567|日 1,2");
  EXPECT_EQ(laid_out("1234567", "日"), "> 1234567|日 1,0");
}

TEST_F(InputLayoutTest, ShowsLineFeedsAsASign) { EXPECT_EQ(laid_out("a\nb"), "> a⏎b 0,5"); }

}  // namespace
}  // namespace chirm::terminal
