// SPDX-License-Identifier: MIT
#include "client/terminal/chat/command_table.h"

#include <gtest/gtest.h>

#include <set>

namespace chirm::terminal {
namespace {

using Kind = TypedLine::Kind;

void expect_line(std::string_view line, Kind kind, std::string_view argument) {
  const TypedLine typed = parse_line(line);
  EXPECT_EQ(typed.kind, kind) << line;
  EXPECT_EQ(typed.argument, argument) << line;
  EXPECT_EQ(typed.command != nullptr, kind == Kind::kCommand) << line;
}

void expect_command(std::string_view line, std::string_view word, std::string_view argument) {
  expect_line(line, Kind::kCommand, argument);
  const ChatCommand* command = parse_line(line).command;
  ASSERT_NE(command, nullptr) << line;
  EXPECT_EQ(command->word, word) << line;
}

TEST(CommandTable, SaysWhatHasNoSlash) {
  expect_line("hello /join x", Kind::kSay, "hello /join x");
  expect_line("  blanks around ", Kind::kSay, "blanks around");
  expect_line("//join is a command", Kind::kSay, "/join is a command");
  expect_line("", Kind::kNothing, "");
  expect_line(" \t ", Kind::kNothing, "");
}

TEST(CommandTable, TakesWhatStandsBehind) {
  expect_command("/join   #dev ", "/join", "#dev");
  expect_command("/kick bob  for  spam", "/kick", "bob  for  spam");
  expect_command("/edit two\nlines", "/edit", "two\nlines");
  expect_command("/leave", "/leave", "");
  expect_command("/exit", "/quit", "");
}

TEST(CommandTable, KnowsTheWordsOfOtherChats) {
  expect_command("/j dev", "/join", "dev");
  expect_command("/msg bob hi", "/dm", "bob hi");
  expect_command("/part", "/leave", "");
}

TEST(CommandTable, KnowsNothingElse) {
  expect_line("/joins dev", Kind::kUnknown, "/joins");
  expect_line("/", Kind::kUnknown, "/");
}

TEST(CommandTable, ExplainsEachOnce) {
  std::set<std::string_view> words;
  for (const ChatCommand& command : chat_commands()) {
    EXPECT_TRUE(words.insert(command.word).second) << command.word;
    EXPECT_EQ(parse_line(command.word).command, &command);
    EXPECT_FALSE(command.help.empty());
    EXPECT_NE(command.run, nullptr) << command.word;
  }
}

}  // namespace
}  // namespace chirm::terminal
