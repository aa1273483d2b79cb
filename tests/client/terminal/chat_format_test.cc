// SPDX-License-Identifier: MIT
#include "client/terminal/chat_format.h"

#include <gtest/gtest.h>
#include <stdlib.h>

namespace chirm::terminal {
namespace {

constexpr std::int64_t kNowMs = 1'700'000'000'000;  // 2023-11-14 22:13:20 UTC

class ChatFormat : public ::testing::Test {
 protected:
  ChatFormat() {
    setenv("TZ", "UTC", 1);
    tzset();
  }
  ChatLine line_{.room = "lobby", .user = "ada", .time_ms = kNowMs, .text = "hi"};
};

TEST_F(ChatFormat, SaysWhoWroteWhatAndWhen) {
  EXPECT_EQ(format_for_people(line_, false, kNowMs), "22:13 ada: hi");
  EXPECT_EQ(format_for_people(line_, true, kNowMs), "#lobby 22:13 ada: hi");
}

TEST_F(ChatFormat, AddsTheDateOfAnotherDay) {
  EXPECT_EQ(format_for_people(line_, false, kNowMs + 2 * 3'600'000), "2023-11-14 22:13 ada: hi");
  line_.time_ms = 0;
  EXPECT_EQ(format_for_people(line_, false, kNowMs), "--:-- ada: hi");
}

TEST_F(ChatFormat, IndentsFurtherLines) {
  line_.text = "one\n22:14 bob: two";
  EXPECT_EQ(format_for_people(line_, false, kNowMs), "22:13 ada: one\n      22:14 bob: two");
}

TEST_F(ChatFormat, MakesNamesSafe) {
  line_.user = "a\x1b[31m\nb";
  EXPECT_EQ(format_for_people(line_, false, kNowMs), "22:13 a b: hi");
  line_.user = "";
  EXPECT_EQ(format_for_people(line_, false, kNowMs), "22:13 server: hi");
}

TEST_F(ChatFormat, GivesScriptsOneLine) {
  line_.text = "one\ntwo \\ \x1b[31m: x";
  EXPECT_EQ(format_for_scripts(line_), "#lobby ada: one\\ntwo \\\\ : x\n");
  line_.user = "a b:\\c";
  line_.text = "";
  EXPECT_EQ(format_for_scripts(line_), "#lobby a\\ b\\:\\\\c: \n");
}

TEST_F(ChatFormat, Counts) {
  EXPECT_EQ(count_of(1, "message"), "1 message");
  EXPECT_EQ(count_of(0, "message"), "0 messages");
}

}  // namespace
}  // namespace chirm::terminal
