// SPDX-License-Identifier: MIT
#pragma once
// Asks the server who is in the conversation that is looked at: when somebody comes or goes, and
// from time to time. Lives on the loop. Private to client/terminal/.

#include <functional>
#include <string>

#include "client/terminal/chat/chat_context.h"
#include "client/terminal/model/chat_answers.h"
#include "core/loop/timer.h"

namespace chirm::terminal {

class PresenceReader {
 public:
  // `chat` must outlive it.
  explicit PresenceReader(ChatContext& chat);

  using OnRead = std::function<void(const Conversation&)>;

  void read_now();
  // The same, and calls `done` when the answer has come, unless the conversation has been left. Why
  // none comes is noted.
  void read_now(OnRead done);
  // Somebody has come or gone; there may be more of them.
  void read_soon();

 private:
  void read();
  void ask(const std::string& channel, OnRead done);
  void take(const std::string& channel, PresenceAnswer answer, const OnRead& done);
  void refused(const client::CommandError& error, const OnRead& done);

  ChatContext& chat_;
  Timer timer_;
};

}  // namespace chirm::terminal
