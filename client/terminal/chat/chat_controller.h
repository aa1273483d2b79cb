// SPDX-License-Identifier: MIT
#pragma once
// Between a person at a full screen and the server: puts the parts of a chat together and passes on
// to them what the client tells and what the person does. Lives on its Context's loop. Private to
// client/terminal/.
//
//   list_        which conversations there are          read_marks_  how far one has read
//   following_   which of them are subscribed to        presence_    who is there
//   history_     what was said before                   commands_    what the person asks for
//
// A part knows those above it in this class, and tells those below only by what it returns or
// through a callback.

#include <string>
#include <string_view>

#include "client/client.h"
#include "client/context.h"
#include "client/terminal/chat/channel_list.h"
#include "client/terminal/chat/chat_context.h"
#include "client/terminal/chat/command_table.h"
#include "client/terminal/chat/connection_tracker.h"
#include "client/terminal/chat/following.h"
#include "client/terminal/chat/history_reader.h"
#include "client/terminal/chat/known_names.h"
#include "client/terminal/chat/presence_reader.h"
#include "client/terminal/chat/read_marks.h"
#include "client/terminal/view/view_state.h"
#include "core/loop/timer.h"

namespace chirm::terminal {

class ChatController final : private client::Events, private client::Flushable {
 public:
  // context and events must outlive it.
  ChatController(client::Context& context, ControllerOptions options, ControllerEvents& events);

  void start();
  // Does what a line that the person has typed asks for.
  void run(std::string_view line);
  // The person is typing a message.
  void note_typing();
  // What the model shows is being looked at: reads what is missing, and marks it as read.
  void note_looking();
  // The person has scrolled up to the oldest message that is here.
  void load_older() { history_.read_older(); }
  // Ends when all that was said is acknowledged, or when nothing was for patience_ms.
  void quit();

  ChatModel& model() { return chat_.model; }
  client::Client& client() { return chat_.client; }
  ConnectionStatus connection() const { return connection_.status(chat_.now_ms()); }
  bool is_away() const { return commands_.people.is_away(); }
  // One's name, safe to be printed.
  std::string name() const { return chat_.shown_me(); }
  CompletionSources completion_sources() const { return names_.sources(chat_.model, chat_.me); }

 private:
  // client::Events
  void on_connected(std::string_view client_id, std::string_view server_version) override;
  void on_disconnected(const client::Disconnected& why) override;
  void on_subscribed(std::string_view channel, const client::Subscribed& how) override;
  void on_unsubscribed(std::string_view channel, std::uint32_t code,
                       std::string_view reason) override;
  void on_publication(std::string_view channel, const PublicationView& publication) override;
  void on_join(std::string_view channel, const ClientInfoView& who) override;
  void on_leave(std::string_view channel, const ClientInfoView& who) override;
  void on_token_wanted() override { chat_.events.on_token_wanted(); }
  // client::Flushable: the end of a turn in which something has changed, where invariants are
  // checked.
  void flush() override;

  void on_listed(bool is_first);
  void on_inbox(std::string_view data);
  void on_typing_time();
  void note_changed();
  void note_caught_up();
  void end(int exit_code, std::string_view problem);

  ChatContext chat_;
  KnownNames names_;
  ConnectionTracker connection_;
  Following following_;
  ReadMarks read_marks_;
  PresenceReader presence_;
  HistoryReader history_;
  ChannelList list_;
  ChatCommands commands_;
  bool is_quitting_ = false;
  Timer typing_timer_;  // somebody's typing is over then
  Timer patience_;
};

}  // namespace chirm::terminal
