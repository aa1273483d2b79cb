// SPDX-License-Identifier: MIT
#include "client/terminal/text/safe_text.h"

#include <gtest/gtest.h>

#include "client/terminal/text/utf8.h"

namespace chirm::terminal {
namespace {

TEST(SafeText, KeepsWhatPeopleWrite) {
  EXPECT_EQ(safe_text("Grüße, 日本語 \U0001F600!\n- two"), "Grüße, 日本語 \U0001F600!\n- two");
  EXPECT_EQ(safe_text(""), "");
}

TEST(SafeText, DropsEscapeSequences) {
  EXPECT_EQ(safe_text("a\x1b[31mred\x1b[0m b"), "ared b");
  EXPECT_EQ(safe_text("a\x1b[2J\x1b[1;1Hb"), "ab");
  EXPECT_EQ(safe_text("a\x1b]0;title\x07"
                      "b\x1b]8;;http://x\x1b\\c"),
            "abc");
  EXPECT_EQ(safe_text("a\x1bPq#1\x1b\\b\x1b(Bc\x1b"
                      "7d"),
            "abcd");
  EXPECT_EQ(safe_text("cut\x1b["), "cut");
  EXPECT_EQ(safe_text("cut\x1b"), "cut");
}

TEST(SafeText, DoesNotHideTheRestBehindAnOpenString) { EXPECT_EQ(safe_text("a\x1b]0;b"), "a0;b"); }

TEST(SafeText, DropsControlCharacters) {
  EXPECT_EQ(safe_text("a\rb\bc\x7f"
                      "d\x07\x0b"
                      "e"),
            "abcde");
  EXPECT_EQ(safe_text(std::string_view("a\0b", 3)), "ab");
  EXPECT_EQ(safe_text("a\tb"), "a b");
  EXPECT_EQ(safe_text("a\u009b31mb\u009d0;x\u009c c"), "ab c");
  EXPECT_EQ(safe_text("a\u0085b\u2028c"), "a\nb\nc");
}

TEST(SafeText, DropsWhatReversesTheDirection) {
  EXPECT_EQ(safe_text("a\u202eb\u2066c\u200f"), "abc");
}

TEST(SafeText, ReplacesWhatIsNotUtf8) {
  EXPECT_EQ(safe_text("a\xff\xc3"), "a\ufffd\ufffd");
  EXPECT_EQ(safe_text("\xc0\x9b"), "\ufffd\ufffd");
}

TEST(SafeLine, IsOneLine) { EXPECT_EQ(safe_line("a\nb\u2029c"), "a b c"); }

TEST(ToUtf8, KeepsCodePointsAndReplacesTheRest) {
  EXPECT_EQ(to_utf8("aä€\U00010348"), "aä€\U00010348");
  EXPECT_EQ(to_utf8("\xed\xa0\x80"), "\ufffd\ufffd\ufffd");            // a surrogate
  EXPECT_EQ(to_utf8("\xf4\x90\x80\x80"), "\ufffd\ufffd\ufffd\ufffd");  // above U+10FFFF
  EXPECT_EQ(to_utf8("\xe2\x82"), "\ufffd\ufffd");                      // cut
}

}  // namespace
}  // namespace chirm::terminal
