// SPDX-License-Identifier: MIT
#include "client/terminal/chat_command.h"

#include <gtest/gtest.h>

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

TEST(ChatCommand, TakesARoomWithAndWithoutItsSign) {
  expect_command("/join dev", Kind::kJoin, "dev");
  expect_command("/join   #dev ", Kind::kJoin, "dev");
  expect_command("/join", Kind::kJoin, "");
  expect_command("/leave", Kind::kLeave, "");
  expect_command("/who #dev", Kind::kWho, "dev");
}

TEST(ChatCommand, KnowsTheOthers) {
  expect_command("/rooms", Kind::kRooms, "");
  expect_command("/help", Kind::kHelp, "");
  expect_command("/quit", Kind::kQuit, "");
  expect_command("/joins dev", Kind::kUnknown, "/joins");
  expect_command("/", Kind::kUnknown, "/");
}

}  // namespace
}  // namespace chirm::terminal
