// SPDX-License-Identifier: MIT
#pragma once
// Asks the person at the terminal for a line. Blocks, but for SIGINT, SIGTERM and SIGHUP: the
// question is given up then, and the signal is sent again, to whom it was meant for. Private to
// client/terminal/.

#include <optional>
#include <string>

namespace chirm::terminal {

enum class Echo { kShown, kHidden };

// nullopt when there is no terminal, or the person gives up (Ctrl-C, Ctrl-D).
std::optional<std::string> ask_for_line(const std::string& prompt, Echo echo);

}  // namespace chirm::terminal
