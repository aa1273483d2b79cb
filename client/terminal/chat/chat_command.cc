// SPDX-License-Identifier: MIT
#include "client/terminal/chat/chat_command.h"

#include <array>
#include <charconv>
#include <utility>

namespace chirm::terminal {

namespace {

constexpr std::string_view kBlanks = " \t";

using Kind = ChatCommand::Kind;
using enum ChatCommandHelp::Argument;

constexpr std::array<ChatCommandHelp, 27> kCommands{{
    {"/join", Kind::kJoin, "ROOM", "join a room, or go to it", kRoom},
    {"/leave", Kind::kLeave, "[ROOM]", "leave this room, or put a conversation away", kRoom},
    {"/create", Kind::kCreate, "ROOM [private]", "make a room", kText},
    {"/dm", Kind::kDm, "USER [TEXT]", "talk with one person", kUser},
    {"/rooms", Kind::kRooms, "[TEXT]", "list rooms", kText},
    {"/who", Kind::kWho, "[USER]", "who is here, or about somebody", kUser},
    {"/members", Kind::kMembers, "", "who belongs to this room", kNone},
    {"/search", Kind::kSearch, "TEXT", "search this conversation", kText},
    {"/reply", Kind::kReply, "TEXT", "answer the chosen or newest message", kText},
    {"/edit", Kind::kEdit, "[TEXT]", "change the chosen message or your newest", kText},
    {"/delete", Kind::kDelete, "", "delete the chosen message or your newest", kNone},
    {"/react", Kind::kReact, "EMOJI", "react to the chosen or newest message; again: take it back",
     kText},
    {"/invite", Kind::kInvite, "USER", "let somebody into this room", kUser},
    {"/kick", Kind::kKick, "USER [REASON]", "remove somebody from this room", kUser},
    {"/ban", Kind::kBan, "USER [10m|2h|7d] [REASON]", "keep somebody out", kUser},
    {"/unban", Kind::kUnban, "USER", "let them in again", kUser},
    {"/mute", Kind::kMute, "USER [10m|2h|7d] [REASON]", "keep somebody from writing here", kUser},
    {"/unmute", Kind::kUnmute, "USER", "let them write again", kUser},
    {"/role", Kind::kRole, "USER owner|moderator|member", "change what somebody may do", kUser},
    {"/topic", Kind::kTopic, "[TEXT]", "show or set the topic", kText},
    {"/title", Kind::kTitle, "TEXT", "set the room's title", kText},
    {"/block", Kind::kBlock, "USER", "no private messages with somebody", kUser},
    {"/unblock", Kind::kUnblock, "USER", "allow them again", kUser},
    {"/away", Kind::kAway, "", "you are away", kNone},
    {"/back", Kind::kBack, "", "you are here again", kNone},
    {"/help", Kind::kHelp, "", "this list", kNone},
    {"/quit", Kind::kQuit, "", "send what is waiting, then end", kNone},
}};
constexpr std::array<std::pair<std::string_view, Kind>, 4> kOtherWords{
    {{"/j", Kind::kJoin}, {"/exit", Kind::kQuit}, {"/msg", Kind::kDm}, {"/part", Kind::kLeave}}};

std::string_view trim(std::string_view text) {
  const std::size_t first = text.find_first_not_of(kBlanks);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kBlanks) - first + 1);
}

}  // namespace

std::span<const ChatCommandHelp> chat_commands() { return kCommands; }

ChatCommand parse_chat_command(std::string_view line) {
  line = trim(line);
  if (line.empty()) return {};
  if (line.starts_with("//")) return {Kind::kSay, line.substr(1)};
  if (!line.starts_with('/')) return {Kind::kSay, line};
  const std::size_t end = line.find_first_of(" \t\n");
  const std::string_view word = line.substr(0, end);
  const std::string_view argument = end == std::string_view::npos ? "" : trim(line.substr(end));
  for (const ChatCommandHelp& known : kCommands) {
    if (known.word == word) return {known.kind, argument};
  }
  for (const auto& [other, kind] : kOtherWords) {
    if (other == word) return {kind, argument};
  }
  return {Kind::kUnknown, word};
}

std::string_view take_word(std::string_view& text) {
  text = trim(text);
  const std::string_view word = text.substr(0, text.find_first_of(kBlanks));
  text = trim(text.substr(word.size()));
  return word;
}

std::optional<std::uint64_t> parse_duration(std::string_view word) {
  constexpr std::uint64_t kCountMax = 100'000;
  std::uint64_t count = 0;
  const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), count);
  const bool is_whole = error == std::errc() && end + 1 == word.data() + word.size();
  if (!is_whole || count == 0 || count > kCountMax) return std::nullopt;
  switch (word.back()) {
    case 's':
      return count;
    case 'm':
      return count * 60;
    case 'h':
      return count * 3600;
    case 'd':
      return count * 86'400;
    default:
      return std::nullopt;
  }
}

}  // namespace chirm::terminal
