// SPDX-License-Identifier: MIT
#include "client/terminal/chat/chat_command.h"

#include <gtest/gtest.h>

#include <set>

namespace chirm::terminal {
namespace {

using Kind = ChatCommand::Kind;

void expect_command(std::string_view line, Kind kind, std::string_view argument) {
  const ChatCommand command = parse_chat_command(line);
  EXPECT_EQ(command.kind, kind) << line;
  EXPECT_EQ(command.argument, argument) << line;
}

TEST(ChatCommand, SaysWhatHasNoSlash) {
  expect_command("hello /join x", Kind::kSay, "hello /join x");
  expect_command("  blanks around ", Kind::kSay, "blanks around");
  expect_command("//join is a command", Kind::kSay, "/join is a command");
  expect_command("", Kind::kNothing, "");
  expect_command(" \t ", Kind::kNothing, "");
}

TEST(ChatCommand, TakesWhatStandsBehind) {
  expect_command("/join   #dev ", Kind::kJoin, "#dev");
  expect_command("/kick bob  for  spam", Kind::kKick, "bob  for  spam");
  expect_command("/edit two\nlines", Kind::kEdit, "two\nlines");
  expect_command("/leave", Kind::kLeave, "");
  expect_command("/exit", Kind::kQuit, "");
}

TEST(ChatCommand, KnowsNothingElse) {
  expect_command("/joins dev", Kind::kUnknown, "/joins");
  expect_command("/", Kind::kUnknown, "/");
}

TEST(ChatCommand, ExplainsEachOnce) {
  std::set<std::string_view> words;
  for (const ChatCommandHelp& command : chat_commands()) {
    EXPECT_TRUE(words.insert(command.word).second) << command.word;
    EXPECT_EQ(parse_chat_command(command.word).kind, command.kind);
    EXPECT_FALSE(command.help.empty());
  }
}

TEST(TakeWord, TakesOneAfterTheOther) {
  std::string_view text = "  bob   10m too loud ";
  EXPECT_EQ(take_word(text), "bob");
  EXPECT_EQ(take_word(text), "10m");
  EXPECT_EQ(text, "too loud");
  text = "";
  EXPECT_EQ(take_word(text), "");
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
