// SPDX-License-Identifier: MIT
#include "client/terminal/text/wording.h"
#include "client/terminal/plain/chat_line.h"

#include <gtest/gtest.h>

namespace chirm::terminal {
namespace {

class ChatFormat : public ::testing::Test {
 protected:
  ChatLine line_{.room = "lobby", .user = "ada", .time_ms = 0, .text = "hi"};
};

TEST_F(ChatFormat, MakesNamesSafe) {
  line_.user = "a\x1b[31m\nb";
  EXPECT_EQ(format_for_scripts(line_), "#lobby a\\ b: hi\n");
  line_.user = "";
  EXPECT_EQ(format_for_scripts(line_), "#lobby server: hi\n");
}

TEST_F(ChatFormat, GivesScriptsOneLine) {
  line_.text = "one\ntwo \\ \x1b[31m: x";
  EXPECT_EQ(format_for_scripts(line_), "#lobby ada: one\\ntwo \\\\ : x\n");
  line_.user = "a b:\\c";
  line_.text = "";
  EXPECT_EQ(format_for_scripts(line_), "#lobby a\\ b\\:\\\\c: \n");
}

TEST_F(ChatFormat, RoundsSecondsUp) {
  EXPECT_EQ(seconds_of(1), "0.1 s");
  EXPECT_EQ(seconds_of(1100), "1.1 s");
}

TEST_F(ChatFormat, Counts) {
  EXPECT_EQ(count_of(1, "message"), "1 message");
  EXPECT_EQ(count_of(0, "message"), "0 messages");
}

}  // namespace
}  // namespace chirm::terminal
