// SPDX-License-Identifier: MIT
#pragma once
// Somebody in some rooms, for scripts: becomes a member, sends to the first one, shows what is
// said, and says what happens to the connection. Knows nothing of how it is displayed. Lives on its
// Context's loop.

#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "client/client.h"
#include "client/terminal/plain/chat_line.h"
#include "core/loop/timer.h"
#include "protocol/chat_message.h"

namespace chirm::terminal {

struct ChatOptions {
  client::Options client;
  std::string name;                // who one is, "" while only the server knows
  std::vector<std::string> rooms;  // valid and different, at least one
  std::uint32_t history = 0;       // messages of the past shown on joining a room
  // How long quit() waits for the next acknowledgement: as long as the client does.
  std::uint32_t patience_ms = client::Options{}.publish_timeout_ms;
};

// Where a session shows what it has to say.
class ChatDisplay {
 public:
  virtual void show_message(const ChatLine& line) = 0;
  // One line, safe to be printed.
  virtual void show_status(std::string_view text) = 0;
  // As client::Events::on_token_wanted().
  virtual void on_token_wanted() {}
  // A message was acknowledged or refused.
  virtual void on_settled() {}
  // The session has ended; nothing follows. `problem` is a line for stderr, or "".
  virtual void on_end(int exit_code, std::string_view problem) = 0;

 protected:
  ~ChatDisplay() = default;
};

// True for what can be the name of a room: its channel is `room:<name>`.
bool is_room_name(std::string_view name);

class PlainChat final : private client::Events {
 public:
  // context and display must outlive the session.
  PlainChat(client::Context& context, ChatOptions options, ChatDisplay& display);
  ~PlainChat();

  void start();
  // Says `text` in the first room, now or as soon as that is joined. When it cannot be joined, the
  // session ends.
  void say(std::string_view text);
  // Something cannot be said: the exit code will be 1.
  void fail(std::string_view why);
  // Ends when all that was said is acknowledged, or when nothing was for patience_ms.
  void quit();

  client::Client& client() { return client_; }
  std::size_t unsettled() const { return client_.outbox_size() + waiting_.size(); }

 private:
  struct Publication {
    std::uint64_t offset;  // 0 when it is not stored
    std::string user;
    std::string data;
  };

  struct Room {
    enum class State : std::uint8_t {
      kOutside,      // to be joined with the next connection
      kJoining,      // the server was asked to make one a member
      kSubscribing,  // for the first time
      kReading,      // its history was asked for; what is said meanwhile is held
      kJoined,
    };
    bool is_in() const { return state >= State::kReading; }

    std::string name;
    State state = State::kOutside;
    // Why one could not become a member, which not all rooms need.
    std::optional<client::CommandError> refusal;
    std::uint64_t offset = 0;  // of the last publication, or where the log stood
    std::string epoch;
    std::vector<Publication> held;
  };

  // Events
  void on_connected(std::string_view client_id, std::string_view server_version) override;
  void on_disconnected(const client::Disconnected& why) override;
  void on_subscribed(std::string_view channel, const client::Subscribed& how) override;
  void on_unsubscribed(std::string_view channel, std::uint32_t code,
                       std::string_view reason) override;
  void on_publication(std::string_view channel, const PublicationView& publication) override;
  void on_token_wanted() override { display_.on_token_wanted(); }

  void join_rooms();
  void become_member(Room& room);
  void on_member(Room& room, const std::optional<client::CommandError>& error);
  Room* find(std::string_view name);
  Room* find_channel(std::string_view channel);
  void publish(std::string_view text);
  void refused(const Room& room, const client::CommandError& error);
  void remove(const Room& room);
  void read_history(Room& room);
  void on_history(Room& room, std::uint64_t joined_at,
                  const Expected<std::vector<PublicationView>, client::CommandError>& publications);
  void finish_joining(Room& room);
  void resume(Room& room, const client::Subscribed& how);
  void announce_outage(const client::Disconnected& why);
  void announce_reconnect();
  void show(const Room& room, std::string_view user, std::string_view data);
  void settle(const std::optional<client::CommandError>& error);
  void end(int exit_code, std::string_view problem);

  client::Context& context_;
  const ChatOptions options_;
  ChatDisplay& display_;
  client::Client client_;
  ChatMessageDecoder decoder_;
  Timer patience_;
  Timer join_again_;
  std::vector<std::unique_ptr<Room>> rooms_;
  Room* current_ = nullptr;          // the first one, where one talks; null: not there any more
  std::deque<std::string> waiting_;  // what is to be said as soon as that is joined
  bool has_failed_ = false;          // something could not be said
  bool was_connected_ = false;       // ever
  bool is_connected_ = false;
  bool is_resuming_ = false;  // connected again, but that was not said yet
  bool is_quitting_ = false;
  bool has_ended_ = false;
  std::string outage_;           // why there was no connection when that was last said
  std::uint64_t outage_ms_ = 0;  // when it was said
};

}  // namespace chirm::terminal
