// SPDX-License-Identifier: MIT
#pragma once
// Asks the server who is in the conversation that is looked at: when somebody comes or goes, and
// from time to time. Lives on the loop. Private to client/terminal/.

#include "client/terminal/chat/chat_context.h"
#include "client/terminal/model/chat_answers.h"
#include "core/loop/timer.h"

namespace chirm::terminal {

class PresenceReader {
 public:
  // `chat` must outlive it.
  explicit PresenceReader(ChatContext& chat);

  void read_now();
  // Somebody has come or gone; there may be more of them.
  void read_soon();

 private:
  void read();
  void take(const std::string& channel, PresenceAnswer answer);

  ChatContext& chat_;
  Timer timer_;
};

}  // namespace chirm::terminal
