// SPDX-License-Identifier: MIT
#pragma once
// How a person keeps order in the room that is looked at: who is in it, who may write, what it is
// called. The server decides whether they may. Lives on the loop. Private to client/terminal/.

#include <string_view>

#include "client/terminal/chat/chat_command.h"
#include "client/terminal/chat/chat_context.h"

namespace chirm::terminal {

class ModerationCommands {
 public:
  // `chat` must outlive it.
  explicit ModerationCommands(ChatContext& chat) : chat_(chat) {}

  CommandUse invite(std::string_view argument);
  CommandUse kick(std::string_view argument);
  CommandUse ban(std::string_view argument) { return restrain("ban", argument); }
  CommandUse unban(std::string_view argument) { return release("unban", argument); }
  CommandUse mute(std::string_view argument) { return restrain("mute", argument); }
  CommandUse unmute(std::string_view argument) { return release("unmute", argument); }
  CommandUse set_role(std::string_view argument);
  void set_topic(std::string_view argument);
  CommandUse set_title(std::string_view argument);

 private:
  // `verb` names the method, chat.<verb>, and the deed.
  CommandUse restrain(std::string_view verb, std::string_view argument);
  CommandUse release(std::string_view verb, std::string_view argument);

  ChatContext& chat_;
};

}  // namespace chirm::terminal
