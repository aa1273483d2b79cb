// SPDX-License-Identifier: MIT
#pragma once
// chirm's settings, from flags and the environment.

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "client/terminal/sign_in/sign_in.h"

namespace chirm {

struct ChirmOptions {
  terminal::SignInOptions sign_in;
  std::vector<std::string> rooms;  // valid and different, at least one
  bool has_chosen_rooms = false;   // they were named, and are no default
  std::uint32_t history = 0;       // messages of the past shown on joining
  bool is_plain = false;           // lines in, lines out: no terminal to fill
  bool stays = false;              // in plain mode: after the end of the input, too
};

// The options, or the exit code when the program is to end at once: 0 after --help or --version,
// 2 after a bad setting, which has been named on stderr in one line.
std::variant<ChirmOptions, int> parse_chirm_options(int argc, char** argv);

}  // namespace chirm
