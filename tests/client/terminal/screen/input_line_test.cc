// SPDX-License-Identifier: MIT
#include "client/terminal/screen/input_line.h"

#include <gtest/gtest.h>

#include <clocale>

namespace chirm::terminal {
namespace {

class InputLineTest : public ::testing::Test {
 protected:
  InputLineTest() { std::setlocale(LC_CTYPE, "C.UTF-8"); }
  // The text with | at the cursor.
  std::string seen() const { return line_.text_before_cursor() + "|" + line_.text_behind_cursor(); }

  InputLine line_;
};

TEST_F(InputLineTest, InsertsAndErasesAtTheCursor) {
  line_.insert("hällo");
  line_.move(-3);
  EXPECT_EQ(seen(), "hä|llo");
  line_.erase_before();
  line_.insert("e");
  EXPECT_EQ(seen(), "he|llo");
  line_.erase_at();
  EXPECT_EQ(seen(), "he|lo");
  line_.move_to_end();
  line_.erase_at();
  line_.move(99);
  line_.move_to_start();
  line_.erase_before();
  line_.move(-1);
  EXPECT_EQ(seen(), "|helo");
}

TEST_F(InputLineTest, TakesACharacterWithItsMarksAsOne) {
  line_.insert("ae\xcc\x81");
  line_.move(-1);
  EXPECT_EQ(seen(), "a|e\xcc\x81");
  line_.erase_at();
  EXPECT_EQ(seen(), "a|");
  line_.insert("e\xcc\x81");
  line_.erase_before();
  EXPECT_EQ(seen(), "a|");
}

TEST_F(InputLineTest, CutsWordsAndYanksThem) {
  line_.insert("one two  three");
  line_.erase_word_before();
  EXPECT_EQ(seen(), "one two  |");
  line_.erase_word_before();
  EXPECT_EQ(seen(), "one |");
  line_.yank();
  EXPECT_EQ(seen(), "one two  |");
  line_.move_word(-1);
  EXPECT_EQ(seen(), "one |two  ");
  line_.erase_to_start();
  EXPECT_EQ(seen(), "|two  ");
  line_.erase_word_at();
  EXPECT_EQ(seen(), "|  ");
  line_.erase_to_end();
  EXPECT_EQ(seen(), "|");
}

TEST_F(InputLineTest, LeavesOutControlCharactersButLineFeeds) {
  line_.insert("a\x1b[31mb\r\nc\rd\te\x7f\xc2\x9b");
  EXPECT_EQ(line_.text(), "a[31mb\nc\nd e");
}

TEST_F(InputLineTest, TakesOnlySoMuch) {
  line_.insert(std::string(InputLine::kCharactersMax + 10, 'x'));
  EXPECT_EQ(line_.text().size(), InputLine::kCharactersMax);
}

TEST_F(InputLineTest, BrowsesThroughWhatWasTyped) {
  for (const char* text : {"one", "two", "one"}) {
    line_.insert(text);
    EXPECT_EQ(line_.take(), text);
  }
  line_.insert("half");
  line_.browse(-1);
  EXPECT_EQ(seen(), "one|");
  line_.browse(-1);
  EXPECT_EQ(seen(), "two|");
  line_.browse(-1);
  EXPECT_EQ(seen(), "two|");  // each line once
  line_.browse(1);
  line_.browse(1);
  EXPECT_EQ(seen(), "half|");
  line_.browse(1);
  EXPECT_EQ(seen(), "half|");
}

TEST_F(InputLineTest, CanBeSetAroundTheCursor) {
  line_.insert("x");
  line_.set("ab", "cd");
  EXPECT_EQ(seen(), "ab|cd");
  EXPECT_FALSE(line_.is_empty());
  EXPECT_EQ(line_.take(), "abcd");
  EXPECT_TRUE(line_.is_empty());
}

}  // namespace
}  // namespace chirm::terminal
