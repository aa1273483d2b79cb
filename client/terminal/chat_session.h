// SPDX-License-Identifier: MIT
#pragma once
// Somebody in some rooms, for scripts: joins, sends to the first one, shows what is said, and says
// what happens to the connection. Knows nothing of how it is displayed. Lives on its Context's
// loop.

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "client/client.h"
#include "client/terminal/chat_format.h"
#include "core/loop/timer.h"
#include "protocol/chat_message.h"

namespace chirm::terminal {

struct ChatOptions {
  client::Options client;
  std::vector<std::string> rooms;     // valid and different, at least one
  bool has_to_become_member = false;  // of the rooms, before they can be followed
  std::uint32_t history = 0;          // messages of the past shown on joining a room
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

class ChatSession final : private client::Events {
 public:
  // context and display must outlive the session.
  ChatSession(client::Context& context, ChatOptions options, ChatDisplay& display);
  ~ChatSession();

  void start();
  // Says `text` in the first room, now or as soon as connected.
  void say(std::string_view text);
  // Ends when all that was said is acknowledged, or when nothing was for patience_ms.
  void quit();

  client::Client& client() { return client_; }
  std::size_t unsettled() const { return client_.outbox_size(); }

 private:
  struct Publication {
    std::uint64_t offset;  // 0 when it is not stored
    std::string user;
    std::string data;
  };

  struct Room {
    enum class State : std::uint8_t {
      kJoining,  // never subscribed so far
      kReading,  // its history was asked for; what is said meanwhile is held
      kJoined,
    };
    std::string name;
    State state = State::kJoining;
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

  void become_member(const std::string& name);
  Room* find(std::string_view name);
  Room* find_channel(std::string_view channel);
  void remove(const Room& room);
  void read_history(Room& room);
  void on_history(Room& room, std::uint64_t joined_at,
                  const Expected<std::vector<PublicationView>, client::CommandError>& publications);
  void finish_joining(Room& room);
  void resume(Room& room, const client::Subscribed& how);
  void announce_outage(const client::Disconnected& why);
  void announce_reconnect();
  void show(const Room& room, std::string_view user, std::string_view data);
  void settle(const std::string& room, const std::optional<client::CommandError>& error);
  void end(int exit_code, std::string_view problem);

  client::Context& context_;
  const ChatOptions options_;
  ChatDisplay& display_;
  client::Client client_;
  ChatMessageDecoder decoder_;
  Timer patience_;
  std::vector<std::unique_ptr<Room>> rooms_;  // in the order of joining
  Room* current_ = nullptr;                   // where one talks; null when there is none
  bool was_connected_ = false;                // ever
  bool is_connected_ = false;
  bool is_resuming_ = false;  // connected again, but that was not said yet
  bool is_quitting_ = false;
  bool has_ended_ = false;
  std::string outage_;           // why there was no connection when that was last said
  std::uint64_t outage_ms_ = 0;  // when it was said
};

}  // namespace chirm::terminal
