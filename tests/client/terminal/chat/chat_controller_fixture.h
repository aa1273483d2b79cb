// SPDX-License-Identifier: MIT
#pragma once
// A chat controller, a scripted server with accounts and rooms, and what both have seen.

#include <gmock/gmock.h>

#include <algorithm>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "client/terminal/chat/chat_controller.h"
#include "protocol/codes.h"
#include "tests/client/scripted_server.h"
#include "tests/support/loop_runner.h"

namespace chirm::terminal {

inline constexpr const char* kSync = R"({"user":"ada","name":"Ada","role":"user","channels":[
  {"channel":"room:lobby","kind":"room","room":"lobby","title":"Lobby",
   "top":4,"epoch":"e1","read":2},
  {"channel":"dm:#ada,bob","kind":"dm","user":"bob","name":"Bob","top":0,"epoch":"e1","read":0}],
  "invited":[{"room":"dev","by":"cid"}]})";

// A stored message, as history has it.
inline std::string stored(int offset, const std::string& user, const std::string& text) {
  return R"({"data":{"type":"message","id":"m)" + std::to_string(offset) + R"(","text":")" + text +
         R"("},"offset":)" + std::to_string(offset) + R"(,"info":{"user":")" + user +
         R"(","client":"c"}})";
}

class ChatControllerTest : public ::testing::Test, protected ControllerEvents {
 protected:
  ChatControllerTest() {
    options_.client.url = server_.url();
    options_.client.backoff_min_ms = 1;
    options_.client.backoff_max_ms = 20;
    options_.client.command_timeout_ms = chirm::testing::kDeadlineMs;
    options_.me = {"ada", "Ada"};
    options_.rooms = {"lobby"};
    answers_["chat.sync"] = kSync;
    server_.on_command = [this](chirm::testing::Peer& peer, const Command& command) {
      return on(peer, command);
    };
  }
  ChatController& start() {
    controller_ =
        std::make_unique<ChatController>(context_, options_, static_cast<ControllerEvents&>(*this));
    controller_->start();
    return *controller_;
  }
  ChatController& start_and_join() {
    start();
    EXPECT_TRUE(run([&] {
      return controller_->connection().state == ConnectionStatus::State::kConnected &&
             look()->is_loaded;
    }));
    return *controller_;
  }
  Conversation* look() {
    controller_->note_looking();
    return controller_->model().current();
  }
  bool run(const std::function<bool()>& is_done) {
    return chirm::testing::run_until(loop_, is_done);
  }
  bool run_until_called(std::string_view method) {
    return run([&] { return last_call(method) != nullptr; });
  }
  const std::string* last_call(std::string_view method) const {
    const auto found = std::find_if(calls_.rbegin(), calls_.rend(),
                                    [&](const auto& call) { return call.first == method; });
    return found == calls_.rend() ? nullptr : &found->second;
  }
  void type(std::string_view line) { controller_->run(line); }
  // What is said in the conversation that is looked at.
  std::vector<std::string> seen() {
    std::vector<std::string> lines;
    const Conversation* current = controller_->model().current();
    if (current == nullptr) return lines;
    for (const Message* message : current->log.messages()) {
      std::string line = message->user + ": " + message->text;
      if (message->state == Message::State::kPending) line += " (pending)";
      if (message->state == Message::State::kFailed) line += " (failed: " + message->problem + ")";
      lines.push_back(line);
    }
    return lines;
  }
  bool run_until_seen(const std::string& line) {
    return run([&] {
      const auto lines = seen();
      return std::find(lines.begin(), lines.end(), line) != lines.end();
    });
  }

  bool on(chirm::testing::Peer& peer, const Command& command) {
    std::string reply;
    if (const auto* rpc = std::get_if<RpcCommand>(&command.method)) {
      const std::string method(rpc->method);
      calls_.emplace_back(method, rpc->data);
      reply = "{\"id\":" + std::to_string(command.id) + ",";
      if (const auto refused = refusals_.find(method); refused != refusals_.end()) {
        reply += "\"error\":" + refused->second + "}";
      } else {
        const auto answer = answers_.find(method);
        std::string data = answer == answers_.end() ? "{}" : answer->second;
        if (std::vector<std::string>& pages = answers_before_[method]; !pages.empty()) {
          data = pages.front();
          pages.erase(pages.begin());
        }
        std::erase(data, '\n');
        reply += "\"rpc\":{\"data\":" + data + "}}";
      }
    } else if (const auto* history = std::get_if<HistoryCommand>(&command.method)) {
      const bool is_lobby = history->channel == "room:lobby";
      append_history_reply(reply, command.id,
                           {{4, epoch_}, is_lobby ? history_ : std::string_view()});
    } else if (const auto* subscribe = std::get_if<SubscribeCommand>(&command.method)) {
      append_subscription(reply, command.id, *subscribe);
    } else if (const auto* unsubscribe = std::get_if<UnsubscribeCommand>(&command.method)) {
      subscribed_.erase(std::string(unsubscribe->channel));
      return false;
    } else if (const auto* publish = std::get_if<PublishCommand>(&command.method)) {
      published_.emplace_back(publish->data);
      return publish_refused_ ? refuse(peer, command) : false;
    } else {
      return false;
    }
    peer.send(reply);
    return true;
  }
  void append_subscription(std::string& reply, std::uint32_t id, const SubscribeCommand& command) {
    const bool is_lobby = command.channel == "room:lobby";
    if (subscribed_.size() == subscribed_max_) {
      return append_error_reply(reply, id, errors::kLimitExceeded);
    }
    if (is_refused_ == command.channel) {
      return append_error_reply(reply, id, errors::kPermissionDenied);
    }
    subscribed_.emplace(command.channel);
    SubscribeResult result;
    result.position = {command.recover && recovers_ ? command.since.offset
                       : is_lobby                   ? 4U
                                                    : 0U,
                       epoch_};
    result.was_recovering = command.recover;
    result.recovered = command.recover && recovers_;
    append_subscribe_reply(reply, id, result);
  }
  bool refuse(chirm::testing::Peer& peer, const Command& command) {
    std::string reply;
    append_error_reply(reply, command.id, {103, "muted until noon"});
    peer.send(reply);
    return true;
  }

  // ControllerEvents
  void on_changed() override {}
  void show_page(Page page) override {
    pages_.push_back(page.title);
    for (const Glyphs& line : page.paragraphs) pages_.push_back(text_of(line));
  }
  void suggest(std::string_view line) override { suggested_ = line; }
  void on_token_wanted() override {}
  void on_end(int exit_code, std::string_view problem) override {
    end_ = std::to_string(exit_code) + " " + std::string(problem);
  }

  Loop loop_;
  client::Context context_{loop_, 1};
  chirm::testing::ScriptedServer server_{loop_};
  ControllerOptions options_;
  std::map<std::string, std::string> answers_;
  std::map<std::string, std::vector<std::string>> answers_before_;  // one after another, by method
  std::map<std::string, std::string> refusals_;
  std::set<std::string> subscribed_;  // channels, of all connections
  std::size_t subscribed_max_ = 1000;
  std::string is_refused_;  // a channel
  std::string epoch_ = "e1";
  std::string history_ =
      stored(4, "bob", "four") + "," + stored(3, "bob", "three") + "," + stored(2, "ada", "two");
  bool recovers_ = true;
  bool publish_refused_ = false;
  std::vector<std::pair<std::string, std::string>> calls_;
  std::vector<std::string> published_;
  std::vector<std::string> pages_;
  std::string suggested_;
  std::string end_;
  std::unique_ptr<ChatController> controller_;
};

}  // namespace chirm::terminal
