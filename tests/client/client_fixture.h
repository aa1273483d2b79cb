// SPDX-License-Identifier: MIT
#pragma once
// A Client, the server that it talks to, and what both have seen.

#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "client/client.h"
#include "client/context.h"
#include "tests/client/scripted_server.h"
#include "tests/support/loop_runner.h"

namespace chirm::client {

// Writes down what it is told, a line each.
class EventLog final : public Events {
 public:
  void on_connected(std::string_view id, std::string_view version) override {
    add("connected " + std::string(id) + " " + std::string(version));
  }
  void on_disconnected(const Disconnected& why) override {
    add("disconnected " + std::to_string(why.code) + " " + why.reason +
        (why.retry_in_ms ? "" : ", for good"));
    last_retry_ms = why.retry_in_ms;
  }
  void on_subscribed(std::string_view channel, const Subscribed& how) override {
    add("subscribed " + std::string(channel) + " " + std::to_string(how.offset) + how.epoch +
        (how.was_recovering ? how.recovered ? " recovered" : " lost" : ""));
  }
  void on_unsubscribed(std::string_view channel, std::uint32_t code,
                       std::string_view reason) override {
    add("unsubscribed " + std::string(channel) + " " + std::to_string(code) + " " +
        std::string(reason));
  }
  void on_publication(std::string_view channel, const PublicationView& publication) override {
    add(std::string(channel) + " " + std::to_string(publication.offset) + " " +
        std::string(publication.data));
  }
  void on_join(std::string_view channel, const ClientInfoView& who) override {
    add(std::string(who.user) + " joins " + std::string(channel));
  }
  void on_leave(std::string_view channel, const ClientInfoView& who) override {
    add(std::string(who.user) + " leaves " + std::string(channel));
  }
  void on_token_wanted() override { add("token wanted"); }
  std::size_t on_bytes(std::string_view bytes) override {
    return bytes_hook ? bytes_hook(bytes) : 0;
  }

  bool has(std::string_view line) const {
    return std::find(lines.begin(), lines.end(), line) != lines.end();
  }
  std::size_t count(std::string_view prefix) const {
    return static_cast<std::size_t>(std::count_if(
        lines.begin(), lines.end(), [&](const auto& line) { return line.starts_with(prefix); }));
  }

  std::vector<std::string> lines;
  std::optional<std::uint32_t> last_retry_ms;
  std::function<void(const std::string&)> on_line;
  std::function<std::size_t(std::string_view)> bytes_hook;

 private:
  void add(std::string line) {
    lines.push_back(std::move(line));
    if (on_line) on_line(lines.back());
  }
};

class ClientTest : public ::testing::Test {
 protected:
  Client& start() {
    client_ = std::make_unique<Client>(context_, options_, events_);
    client_->connect();
    return *client_;
  }
  // Connects and subscribes.
  Client& start_in(std::string_view channel) {
    start().subscribe(channel);
    const std::string wanted = "subscribed " + std::string(channel);
    EXPECT_TRUE(run([&] { return events_.count(wanted) > 0; }));
    return *client_;
  }
  bool run(const std::function<bool()>& is_done) {
    return chirm::testing::run_until(loop_, is_done);
  }
  bool run_until_line(const std::string& line) {
    return run([&] { return events_.has(line); });
  }
  // While time passes quickly.
  bool pass_until(const std::function<bool()>& is_done) {
    return chirm::testing::pass_until(loop_, is_done);
  }
  OnPublished note_ack(std::string name) {
    return [this, name](const Expected<Published, CommandError>& result) {
      acks_.push_back(result ? name + " at " + std::to_string(result->offset)
                             : name + " failed: " + std::to_string(result.error().code) + " " +
                                   result.error().message);
    };
  }

  Loop loop_;
  Context context_{loop_, 1};
  chirm::testing::ScriptedServer server_{loop_};
  Options options_{.url = server_.url(),
                   .token = {},
                   .name = {},
                   .local_address = {},
                   .backoff_min_ms = 1,
                   .backoff_max_ms = 20,
                   .command_timeout_ms = chirm::testing::kDeadlineMs,
                   .outbox_max = 1000,
                   .ping_delay_max_ms = 10'000};
  EventLog events_;
  std::vector<std::string> acks_;
  std::unique_ptr<Client> client_;
};

}  // namespace chirm::client
