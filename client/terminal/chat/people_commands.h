// SPDX-License-Identifier: MIT
#pragma once
// What a person does about people: who is here, who somebody is, no private messages with somebody,
// being away oneself. Lives on the loop. Private to client/terminal/.

#include <string>
#include <string_view>
#include <vector>

#include "client/terminal/chat/chat_command.h"
#include "client/terminal/chat/chat_context.h"
#include "client/terminal/chat/presence_reader.h"

namespace chirm::terminal {

class PeopleCommands {
 public:
  // Both must outlive it.
  PeopleCommands(ChatContext& chat, PresenceReader& presence) : chat_(chat), presence_(presence) {}

  void show_who(std::string_view argument);
  CommandUse block(std::string_view argument) { return set_blocked(true, argument); }
  CommandUse unblock(std::string_view argument) { return set_blocked(false, argument); }
  // Where one is signed in, or ends one of these: "end 2", by its number in the list.
  CommandUse sessions(std::string_view argument);
  void go_away() { set_away(true); }
  void come_back() { set_away(false); }

  // As the server has it.
  bool is_away() const { return is_away_; }

 private:
  CommandUse set_blocked(bool is_blocked, std::string_view argument);
  void set_away(bool is_away);

  ChatContext& chat_;
  PresenceReader& presence_;
  bool is_away_ = false;
  std::vector<std::string> session_ids_;  // as they were listed last
};

}  // namespace chirm::terminal
