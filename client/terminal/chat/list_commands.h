// SPDX-License-Identifier: MIT
#pragma once
// Lists that a person asks for and reads as a page: rooms, members, search results. The server
// gives them out in parts, which are asked for one after another. Lives on the loop. Private to
// client/terminal/.

#include <memory>
#include <string_view>

#include "client/terminal/chat/chat_command.h"
#include "client/terminal/chat/chat_context.h"
#include "client/terminal/chat/known_names.h"

namespace chirm::terminal {

class ListCommands {
 public:
  // Both must outlive it.
  ListCommands(ChatContext& chat, KnownNames& names) : chat_(chat), names_(names) {}

  void show_rooms(std::string_view argument);
  void show_members();
  CommandUse search(std::string_view argument);
  // Reads the names of the rooms, for completion, and shows nothing.
  void learn_rooms();

 private:
  struct Listing;
  void read(std::shared_ptr<Listing> listing);

  ChatContext& chat_;
  KnownNames& names_;
};

}  // namespace chirm::terminal
