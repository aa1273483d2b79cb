// SPDX-License-Identifier: MIT
#pragma once
// Reads the past of conversations from the server, page by page: the newest when a conversation is
// looked at, older ones when the person scrolls up. Lives on the loop. Private to client/terminal/.

#include <string>
#include <vector>

#include "client/terminal/chat/chat_context.h"
#include "client/terminal/chat/following.h"

namespace chirm::terminal {

class HistoryReader {
 public:
  // Both must outlive it.
  HistoryReader(ChatContext& chat, const Following& following)
      : chat_(chat), following_(following) {}

  // Reads the newest page, if it is not here or on its way. True when it was asked for.
  bool read_newest(Conversation& conversation);
  // Reads the page before what is here of the conversation that is looked at, if there is one.
  void read_older();
  // The connection is gone, and with it the answers.
  void on_disconnected();

 private:
  using Page = Expected<std::vector<PublicationView>, client::CommandError>;

  void take(const std::string& channel, bool is_newest, const Page& page);

  ChatContext& chat_;
  const Following& following_;
};

}  // namespace chirm::terminal
