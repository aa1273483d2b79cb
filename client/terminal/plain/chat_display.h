// SPDX-License-Identifier: MIT
#pragma once
// Where a chat for scripts shows what it has to say.

#include <string_view>

#include "client/terminal/plain/chat_line.h"

namespace chirm::terminal {

// None of these may destroy the chat.
class ChatDisplay {
 public:
  virtual void show_message(const ChatLine& line) = 0;
  // One line, safe to be printed.
  virtual void show_status(std::string_view text) = 0;
  // As client::Events::on_token_wanted().
  virtual void on_token_wanted() {}
  // A message was acknowledged or refused.
  virtual void on_settled() {}
  // The chat has ended; nothing follows. `problem` is a line for stderr, or "".
  virtual void on_end(int exit_code, std::string_view problem) = 0;

 protected:
  ~ChatDisplay() = default;
};

}  // namespace chirm::terminal
