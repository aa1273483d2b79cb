// SPDX-License-Identifier: MIT
#include "client/terminal/chat_command.h"

#include <array>

namespace chirm::terminal {

namespace {

constexpr std::string_view kBlanks = " \t";

struct Word {
  std::string_view text;
  ChatCommand::Kind kind;
};

constexpr std::array<Word, 8> kWords{{
    {"/join", ChatCommand::Kind::kJoin},
    {"/j", ChatCommand::Kind::kJoin},
    {"/leave", ChatCommand::Kind::kLeave},
    {"/who", ChatCommand::Kind::kWho},
    {"/rooms", ChatCommand::Kind::kRooms},
    {"/help", ChatCommand::Kind::kHelp},
    {"/quit", ChatCommand::Kind::kQuit},
    {"/exit", ChatCommand::Kind::kQuit},
}};

std::string_view trim(std::string_view text) {
  const std::size_t first = text.find_first_not_of(kBlanks);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kBlanks) - first + 1);
}

}  // namespace

ChatCommand parse_chat_command(std::string_view line) {
  line = trim(line);
  if (line.empty()) return {};
  if (line.starts_with("//")) return {ChatCommand::Kind::kSay, line.substr(1)};
  if (!line.starts_with('/')) return {ChatCommand::Kind::kSay, line};
  const std::size_t end = line.find_first_of(kBlanks);
  const std::string_view word = line.substr(0, end);
  std::string_view argument = end == std::string_view::npos ? "" : trim(line.substr(end));
  if (argument.starts_with('#')) argument.remove_prefix(1);
  for (const Word& known : kWords) {
    if (known.text == word) return {known.kind, argument};
  }
  return {ChatCommand::Kind::kUnknown, word};
}

}  // namespace chirm::terminal
