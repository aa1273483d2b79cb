// SPDX-License-Identifier: MIT
#pragma once
// How far one has read, told to the server: at most twice a second, and again until the server has
// taken it. Lives on the loop. Private to client/terminal/.

#include <set>
#include <string>

#include "client/terminal/chat/chat_context.h"
#include "core/loop/timer.h"

namespace chirm::terminal {

class ReadMarks {
 public:
  // `chat` must outlive it.
  explicit ReadMarks(ChatContext& chat);

  // The end of the conversation is being looked at: marks it as read, if there is news.
  void mark(Conversation& conversation);
  // Ends the process when what it says of itself does not hold.
  void check() const;

 private:
  void send();
  void send_later(std::uint64_t delay_ms);

  ChatContext& chat_;
  std::set<std::string> unsent_;  // channels; not empty only while timer_ runs
  Timer timer_;
};

}  // namespace chirm::terminal
