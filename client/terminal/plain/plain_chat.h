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
#include "client/terminal/plain/chat_display.h"
#include "client/terminal/plain/connection_reports.h"
#include "client/terminal/plain/plain_room.h"
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

// True for what can be the name of a room: its channel is `room:<name>`.
bool is_room_name(std::string_view name);

class PlainChat final : private client::Events {
 public:
  // context and display must outlive it.
  PlainChat(client::Context& context, ChatOptions options, ChatDisplay& display);
  ~PlainChat();

  void start();
  // Says `text` in the first room, now or as soon as that is joined. When it cannot be joined, the
  // chat ends.
  void say(std::string_view text);
  // Something cannot be said: the exit code will be 1.
  void fail(std::string_view why);
  // Ends when all that was said is acknowledged, or when nothing was for patience_ms.
  void quit();

  client::Client& client() { return client_; }
  // Messages that were said and neither acknowledged nor refused.
  std::size_t unsettled() const { return client_.outbox_size() + waiting_.size(); }

 private:
  // Events
  void on_connected(std::string_view client_id, std::string_view server_version) override;
  void on_disconnected(const client::Disconnected& why) override;
  void on_subscribed(std::string_view channel, const client::Subscribed& how) override;
  void on_unsubscribed(std::string_view channel, std::uint32_t code,
                       std::string_view reason) override;
  void on_publication(std::string_view channel, const PublicationView& publication) override;
  void on_token_wanted() override { display_.on_token_wanted(); }

  void join_rooms();
  void become_member(PlainRoom& room);
  void on_member(PlainRoom& room, const std::optional<client::CommandError>& error);
  PlainRoom* find(std::string_view name);
  PlainRoom* find_channel(std::string_view channel);
  void publish(std::string_view text);
  void refused(const PlainRoom& room, const client::CommandError& error);
  void remove(const PlainRoom& room);
  void read_history(PlainRoom& room);
  void on_history(PlainRoom& room, std::uint64_t joined_at,
                  const Expected<std::vector<PublicationView>, client::CommandError>& publications);
  void finish_joining(PlainRoom& room);
  void resume(PlainRoom& room, const client::Subscribed& how);
  void show(const PlainRoom& room, std::string_view user, std::string_view data);
  void settle(const std::optional<client::CommandError>& error);
  void end(int exit_code, std::string_view problem);

  client::Context& context_;
  const ChatOptions options_;
  ChatDisplay& display_;
  ConnectionReports reports_;
  client::Client client_;
  ChatMessageDecoder decoder_;
  Timer patience_;
  Timer join_again_;
  std::vector<std::unique_ptr<PlainRoom>> rooms_;
  PlainRoom* current_ = nullptr;     // the first one, where one talks; null: not there any more
  std::deque<std::string> waiting_;  // texts to be said as soon as current_ is joined
  bool has_failed_ = false;          // something could not be said
  bool is_quitting_ = false;
  bool has_ended_ = false;
};

}  // namespace chirm::terminal
