// SPDX-License-Identifier: MIT
#pragma once
// The names of people and rooms that a chat has heard of: what can be completed and mentioned.
// Pure. Private to client/terminal/.

#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "client/terminal/model/chat_model.h"

namespace chirm::terminal {

// In the order of the alphabet, each once; safe to be printed.
struct CompletionSources {
  std::vector<std::string> users;  // as they are to be written, without oneself
  std::vector<std::string> rooms;
};

class KnownNames {
 public:
  void add_room(std::string_view room) { rooms_.emplace(room); }
  // True when the invitation was not known.
  bool add_invitation(std::string_view room) { return invitations_.emplace(room).second; }
  // It was accepted: the next one to that room is news again.
  void remove_invitation(const std::string& room) { invitations_.erase(room); }

  // These, and the names in the conversations of `model`, of whom `me` is one's own.
  CompletionSources sources(const ChatModel& model, const std::string& me) const;

 private:
  std::set<std::string> rooms_;        // from the server's lists
  std::set<std::string> invitations_;  // rooms; the person was told of them
};

}  // namespace chirm::terminal
