// SPDX-License-Identifier: MIT
#pragma once
// chirm's settings, from flags and the environment.

#include <variant>

#include "client/terminal/chat_session.h"

namespace chirm {

struct ChirmOptions {
  terminal::ChatOptions chat;
  bool is_plain = false;  // lines in, lines out: no terminal to edit on
  bool stays = false;     // in plain mode: after the end of the input, too
};

// The options, or the exit code when the program is to end at once: 0 after --help or --version,
// 2 after a bad setting, which has been named on stderr in one line.
std::variant<ChirmOptions, int> parse_chirm_options(int argc, char** argv);

}  // namespace chirm
