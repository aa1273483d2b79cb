// SPDX-License-Identifier: MIT
#pragma once
// Keeps the model's conversations as the server lists them (chat.sync): who one is, the rooms and
// private conversations one belongs to, how far one has read, and invitations. Lives on the loop.
// Private to client/terminal/.

#include <functional>

#include "client/terminal/chat/chat_context.h"
#include "client/terminal/chat/following.h"
#include "client/terminal/chat/known_names.h"
#include "client/terminal/model/chat_answers.h"
#include "core/loop/timer.h"

namespace chirm::terminal {

class ChannelList {
 public:
  struct Callbacks {
    // The conversations are as the list says, and not yet followed. `is_first`: never before.
    std::function<void(bool is_first)> on_listed;
    // A reading has ended, whether or not it brought anything.
    std::function<void()> on_read;
  };

  // All of them must outlive it.
  ChannelList(ChatContext& chat, Following& following, KnownNames& names, Callbacks callbacks);

  void read();
  // After something has changed on the server; several changes come together.
  void read_soon();
  void stop();
  // It is to be read (again) soon, so that what the model says may be out of date.
  bool is_due() const { return soon_.is_running(); }

 private:
  void on_answer(const Expected<std::string_view, client::CommandError>& answer);
  void take(const SyncAnswer& answer);
  void take_positions(Conversation& conversation, const SyncAnswer::Channel& listed);
  void forget_unlisted(const SyncAnswer& answer);
  void begin_without_accounts();

  ChatContext& chat_;
  Following& following_;
  KnownNames& names_;
  Callbacks callbacks_;
  Timer soon_;
  Timer unfollowed_;  // for what is unread in conversations that are not followed
};

}  // namespace chirm::terminal
