// SPDX-License-Identifier: MIT
#pragma once
// What a person does with messages: says them, answers, changes and deletes them, reacts, and is
// seen typing. Lives on the loop. Private to client/terminal/.

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "client/terminal/chat/chat_command.h"
#include "client/terminal/chat/chat_context.h"
#include "client/terminal/chat/connection_tracker.h"
#include "client/terminal/chat/known_names.h"

namespace chirm::terminal {

class MessageCommands {
 public:
  // All of them must outlive it. `on_answered` is called after the server has acknowledged or
  // refused one of the messages.
  MessageCommands(ChatContext& chat, const KnownNames& names, const ConnectionTracker& connection,
                  std::function<void()> on_answered)
      : chat_(chat), names_(names), connection_(connection), on_answered_(std::move(on_answered)) {}

  // Says it in the conversation that is looked at, as an answer to the message at that offset, or
  // to none (0).
  void say(std::string_view text, std::uint64_t reply_to = 0);
  // The person is typing a message.
  void note_typing();

  // Of the chosen message or, when none is chosen, of the newest one that it makes sense for.
  CommandUse reply(std::string_view argument);
  void edit(std::string_view argument);
  void remove();
  CommandUse react(std::string_view argument);

 private:
  std::string message_body(const ChatEvent& message) const;
  void publish_change(std::string body, std::string what);
  const Message* chosen_or(std::string_view user);

  ChatContext& chat_;
  const KnownNames& names_;
  const ConnectionTracker& connection_;
  std::function<void()> on_answered_;
  std::uint64_t typing_sent_ms_ = 0;  // loop time; 0: not since the last message
};

}  // namespace chirm::terminal
