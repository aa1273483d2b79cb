// SPDX-License-Identifier: MIT
#pragma once
// A command that a person can type, as a row of the table of all of them (command_table.h). Private
// to client/terminal/.

#include <cstdint>
#include <string_view>

namespace chirm::terminal {

struct ChatCommands;

enum class CommandUse : std::uint8_t {
  kRight,
  kWrong,  // the arguments make no sense: the person is shown how the command is used
};

struct ChatCommand {
  // What the first argument is, for completion.
  enum class Argument : std::uint8_t { kNone, kRoom, kUser, kText };
  // Does it; `argument` is what stands behind the word, without the blanks around it.
  using Run = CommandUse (*)(ChatCommands& commands, std::string_view argument);

  std::string_view word;   // with its slash
  std::string_view usage;  // of the arguments, "" when there are none
  std::string_view help;   // one line
  Argument first;
  Run run;
};

}  // namespace chirm::terminal
