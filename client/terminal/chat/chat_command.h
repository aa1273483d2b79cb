// SPDX-License-Identifier: MIT
#pragma once
// What a line typed at the terminal asks for. Pure.

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

namespace chirm::terminal {

struct ChatCommand {
  enum class Kind : std::uint8_t {
    kNothing,  // an empty line
    kSay,      // argument: the text; `//x` says `/x`
    kUnknown,  // argument: what it was, with its slash
    // The words of kChatCommands; argument: what stands behind them.
    kJoin,
    kLeave,
    kCreate,
    kDm,
    kRooms,
    kWho,
    kMembers,
    kSearch,
    kReply,
    kEdit,
    kDelete,
    kReact,
    kInvite,
    kKick,
    kBan,
    kUnban,
    kMute,
    kUnmute,
    kRole,
    kTopic,
    kTitle,
    kBlock,
    kUnblock,
    kAway,
    kBack,
    kHelp,
    kQuit,
  };
  Kind kind = Kind::kNothing;
  std::string_view argument;  // into the line
};

ChatCommand parse_chat_command(std::string_view line);

struct ChatCommandHelp {
  enum class Argument : std::uint8_t { kNone, kRoom, kUser, kText };

  std::string_view word;  // with its slash
  ChatCommand::Kind kind;
  std::string_view usage;  // of the arguments
  std::string_view help;   // one line
  Argument first;          // what the first argument is, for completion
};
// All commands, in the order of /help.
std::span<const ChatCommandHelp> chat_commands();

// Takes the first word off `text`, and the blanks around it; "" when there is none.
std::string_view take_word(std::string_view& text);
// Seconds of "90s", "10m", "2h", "7d"; nullopt for anything else.
std::optional<std::uint64_t> parse_duration(std::string_view word);

}  // namespace chirm::terminal
