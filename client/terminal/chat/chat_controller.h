// SPDX-License-Identifier: MIT
#pragma once
// Between a person at a full screen and the server: keeps the model as the server says, and does
// what the person asks for. Lives on its Context's loop. Private to client/terminal/.

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "client/client.h"
#include "client/context.h"
#include "client/terminal/chat/chat_command.h"
#include "client/terminal/chat/completion.h"
#include "client/terminal/model/chat_answers.h"
#include "client/terminal/model/chat_model.h"
#include "client/terminal/sign_in/sign_in.h"
#include "client/terminal/view/chat_view.h"
#include "core/loop/timer.h"
#include "protocol/json_writer.h"

namespace chirm::terminal {

struct ControllerOptions {
  client::Options client;
  Identity me;
  std::vector<std::string> rooms;  // to be in
  bool has_chosen_rooms = false;   // they were asked for, and are no default
  std::uint32_t history = 50;      // messages of a page of the past
  std::uint32_t patience_ms = client::Options{}.publish_timeout_ms;
};

class ControllerEvents {
 public:
  virtual void on_changed() = 0;  // of what is to be drawn
  virtual void show_page(Page page) = 0;
  virtual void suggest(std::string_view line) = 0;  // a line to go on with
  virtual void on_token_wanted() = 0;
  virtual void on_end(int exit_code, std::string_view problem) = 0;

 protected:
  ~ControllerEvents() = default;
};

class ChatController final : private client::Events {
 public:
  // context and events must outlive it.
  ChatController(client::Context& context, ControllerOptions options, ControllerEvents& events);

  void start();
  void run(const ChatCommand& command);
  // The person is typing a message.
  void note_typing();
  // What the model shows is being looked at: reads what is missing, and marks it as read.
  void note_looking();
  void load_older();
  // Ends when all that was said is acknowledged, or when nothing was for patience_ms.
  void quit();

  ChatModel& model() { return model_; }
  client::Client& client() { return client_; }
  ConnectionStatus connection() const;
  bool is_away() const { return is_away_; }
  std::string name() const;
  CompletionSources completion_sources() const;

 private:
  // Servers allow 128 channels by default, the inbox and those of the token among them.
  static constexpr std::size_t kFollowedMax = 100;
  static constexpr std::uint64_t kSyncDelayMs = 50;  // several changes come together

  // Of a room that nobody has made.
  struct Visit {
    std::string refusal;  // what is said when it is not allowed
    bool is_looked_at;
  };
  using OnAnswer = std::function<void(std::string_view json)>;
  using OnError = std::function<void(const client::CommandError&)>;

  // client::Events
  void on_connected(std::string_view client_id, std::string_view server_version) override;
  void on_disconnected(const client::Disconnected& why) override;
  void on_subscribed(std::string_view channel, const client::Subscribed& how) override;
  void on_unsubscribed(std::string_view channel, std::uint32_t code,
                       std::string_view reason) override;
  void on_publication(std::string_view channel, const PublicationView& publication) override;
  void on_join(std::string_view channel, const ClientInfoView& who) override;
  void on_leave(std::string_view channel, const ClientInfoView& who) override;
  void on_token_wanted() override { events_.on_token_wanted(); }

  // What the server says
  void sync();
  void on_sync(const Expected<std::string_view, client::CommandError>& answer);
  void take_sync(const SyncAnswer& answer);
  void take_positions(Conversation& conversation, const SyncAnswer::Channel& listed);
  void forget_unlisted(const SyncAnswer& answer);
  void enter_wanted_rooms();
  void begin_without_accounts();
  void on_inbox(std::string_view data);
  void load(Conversation& conversation);
  void on_page(const std::string& channel, bool is_newest,
               const Expected<std::vector<PublicationView>, client::CommandError>& page);
  void count_unread(Conversation& conversation);
  void ask_for_people(Conversation& conversation);
  void note_caught_up();
  void send_read_marks();

  // What is followed
  bool is_followed(const Conversation& conversation) const;
  void follow_recent();
  void follow(const std::string& channel);
  void unfollow(Conversation& conversation);
  void forget(const std::string& channel);
  void visit(const std::string& room, bool is_looked_at, const client::CommandError& error);
  void begin_visit(const std::string& channel, bool is_looked_at);

  // Lists
  struct Listing;
  void read_list(std::shared_ptr<Listing> listing);
  void learn_rooms();

  // What the person asks for
  void say(std::string_view text, std::uint64_t reply_to = 0);
  void publish(std::string_view channel, std::string_view data, std::string what);
  void join(std::string_view argument);
  void enter_room(const std::string& room, bool is_looked_at);
  void leave(std::string_view argument);
  void create(std::string_view argument);
  void open_dm(std::string_view argument);
  void show_rooms(std::string_view argument);
  void show_who(std::string_view argument);
  void show_members();
  void search(std::string_view argument);
  void reply(std::string_view argument);
  void edit(std::string_view argument);
  void delete_message();
  void react(std::string_view argument);
  void invite(std::string_view argument);
  void kick(std::string_view argument);
  void restrain(ChatCommand::Kind kind, std::string_view argument);  // ban, mute
  void release(ChatCommand::Kind kind, std::string_view argument);   // unban, unmute
  void set_role(std::string_view argument);
  void set_topic(std::string_view argument);
  void set_title(std::string_view argument);
  void block(ChatCommand::Kind kind, std::string_view argument);
  void set_away(bool is_away);

  // Calls a method; a refusal is shown as "cannot <what>: …", unless `refused` is told.
  void call(std::string_view method, JsonWriter& body, std::string what, OnAnswer done = {},
            OnError refused = {});
  // The room that is looked at; null, and said, when it is none.
  Conversation* current_room();
  const Message* chosen_or(std::string_view user);
  void note(std::string_view text, bool is_bad = false);
  void note_usage(ChatCommand::Kind kind);
  void note_unchecked(std::string_view what);
  void open_when_known(const std::string& channel, std::string say_then);
  void end(int exit_code, std::string_view problem);
  std::uint64_t now_ms() const { return context_.loop.now_ms(); }

  client::Context& context_;
  const ControllerOptions options_;
  ControllerEvents& events_;
  ChatModel model_;
  client::Client client_;
  std::string me_;                             // one's user
  std::string name_;                           // as one writes it
  std::set<std::string> known_rooms_;          // for completion
  std::set<std::string> invitations_;          // that were told
  std::set<std::string> followed_;             // channels that are subscribed to
  std::set<std::string> subscribing_;          // those of them that were not answered yet
  std::size_t followed_max_ = kFollowedMax;    // less when the server says so
  std::map<std::string, Visit> visits_;        // that were not answered yet, by channel
  std::optional<std::string> wanted_channel_;  // to be looked at as soon as it is there
  std::string wanted_text_;                    // to be said there
  bool has_synced_ = false;                    // ever
  bool is_checked_ = true;                     // the server knows accounts, rooms and roles
  bool is_away_ = false;
  bool was_connected_ = false;  // ever
  bool is_quitting_ = false;
  bool has_ended_ = false;
  ConnectionStatus::State state_ = ConnectionStatus::State::kConnecting;
  std::string outage_;              // why there is no connection
  std::uint64_t retry_at_ms_ = 0;   // when the next attempt begins
  std::uint64_t caught_up_ms_ = 0;  // until when that is said
  std::uint64_t typing_sent_ms_ = 0;
  std::set<std::string> unsent_reads_;  // channels
  Timer sync_timer_;
  Timer unfollowed_timer_;  // reads the list for those that are not followed
  Timer read_timer_;
  Timer people_timer_;
  Timer typing_timer_;
  Timer patience_;
};

}  // namespace chirm::terminal
