// SPDX-License-Identifier: MIT
#pragma once
// How a person comes into conversations and out of them: joining, leaving, making and deleting
// rooms, private conversations. Lives on the loop. Private to client/terminal/.

#include <optional>
#include <string>
#include <string_view>

#include "client/terminal/chat/channel_list.h"
#include "client/terminal/chat/chat_command.h"
#include "client/terminal/chat/chat_context.h"
#include "client/terminal/chat/following.h"
#include "client/terminal/chat/known_names.h"
#include "client/terminal/chat/message_commands.h"

namespace chirm::terminal {

class RoomCommands {
 public:
  // All of them must outlive it.
  RoomCommands(ChatContext& chat, Following& following, KnownNames& names, ChannelList& list,
               MessageCommands& messages)
      : chat_(chat), following_(following), names_(names), list_(list), messages_(messages) {}

  CommandUse join(std::string_view argument);
  void leave(std::string_view argument);
  CommandUse create(std::string_view argument);
  // Says what would be lost, until the second word is "yes".
  CommandUse remove(std::string_view argument);
  CommandUse open_dm(std::string_view argument);

  // Enters the rooms that were asked for at the start, once the list of channels is known.
  void enter_wanted();
  // Looks at the conversation that the person waits for, if it is in the list by now.
  void open_wanted();

 private:
  void enter(const std::string& room, bool is_looked_at);
  void open_when_known(const std::string& channel, std::string say_then);

  ChatContext& chat_;
  Following& following_;
  KnownNames& names_;
  ChannelList& list_;
  MessageCommands& messages_;
  std::optional<std::string> wanted_channel_;  // to be looked at as soon as it is in the list
  std::string wanted_text_;                    // to be said in wanted_channel_
};

}  // namespace chirm::terminal
