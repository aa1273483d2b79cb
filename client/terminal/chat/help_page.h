// SPDX-License-Identifier: MIT
#pragma once
// The page of /help: commands and keys. Pure. Private to client/terminal/.

#include <span>

#include "client/terminal/chat/chat_command.h"
#include "client/terminal/view/view_state.h"

namespace chirm::terminal {

Page help_page(std::span<const ChatCommand> commands);

}  // namespace chirm::terminal
