// SPDX-License-Identifier: MIT
#include "client/terminal/chat/command_arguments.h"

#include <gtest/gtest.h>

namespace chirm::terminal {
namespace {

TEST(TakeWord, TakesOneAfterTheOther) {
  std::string_view text = "  bob   10m too loud ";
  EXPECT_EQ(take_word(text), "bob");
  EXPECT_EQ(take_word(text), "10m");
  EXPECT_EQ(text, "too loud");
  text = "";
  EXPECT_EQ(take_word(text), "");
}

TEST(TakeUser, LeavesOutTheSign) {
  std::string_view text = "@bob @eve #dev";
  EXPECT_EQ(take_user(text), "bob");
  EXPECT_EQ(take_name(text), "eve");
  EXPECT_EQ(take_name(text), "dev");
  EXPECT_EQ(text, "");
}

TEST(ParseDuration, KnowsSecondsToDays) {
  EXPECT_EQ(parse_duration("90s"), 90);
  EXPECT_EQ(parse_duration("10m"), 600);
  EXPECT_EQ(parse_duration("2h"), 7200);
  EXPECT_EQ(parse_duration("7d"), 604'800);
  for (const char* wrong : {"", "m", "10", "0m", "-1h", "1.5h", "10min", "999999999999d", "h1"}) {
    EXPECT_EQ(parse_duration(wrong), std::nullopt) << wrong;
  }
}

}  // namespace
}  // namespace chirm::terminal
