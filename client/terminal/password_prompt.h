// SPDX-License-Identifier: MIT
#pragma once
// Asks the person at the terminal for a password, which is not shown. Blocks. Private to
// client/terminal/.

#include <optional>
#include <string>

namespace chirm::terminal {

// nullopt when there is no terminal, or the person gives up (Ctrl-C, Ctrl-D).
std::optional<std::string> ask_for_password(const std::string& prompt);

}  // namespace chirm::terminal
