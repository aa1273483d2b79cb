// SPDX-License-Identifier: MIT
#pragma once
// Somebody in the chat: a client of the client library that remembers all that happens to it, and
// talks at a steady pace when told to.

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "client/client.h"
#include "client/context.h"
#include "core/loop/timer.h"
#include "tests/e2e/ledger.h"

namespace chirm::testing {

class Participant final : private client::Events {
 public:
  // What it knows about one channel.
  struct Room {
    bool is_joined = false;
    std::uint64_t joined_at = 0;  // the offset that its first subscription started from
    std::string epoch;
    std::vector<Entry> seen;
    std::size_t recovered = 0;  // subscriptions that went on without a loss
    std::size_t lost = 0;       // … and that could not
    std::uint32_t ended = 0;    // the code that ended the subscription for good
    // Who came and went, "+ada" and "-ada", while it joined with join_leave.
    std::vector<std::string> moves = {};
  };

  // All must outlive it. Begins to connect.
  Participant(client::Context& context, client::Options options, Ledger& ledger);

  void join(std::string_view channel, client::SubscribeOptions options = {});
  // One message, which is entered in the ledger when it is acknowledged.
  void say(std::string_view channel);
  // Says something in each of its channels in turn until it is told to be quiet. Stops for a while
  // when too much is not acknowledged.
  void start_talking(std::uint64_t period_ms);
  void stop_talking() { pace_.stop(); }

  client::Client& client() { return client_; }
  const Room& room(std::string_view channel) { return rooms_[std::string(channel)]; }
  bool is_in(std::string_view channel) const;
  // Connected, and subscribed to everything it wants.
  bool is_settled() const;
  const std::string& name() const { return name_; }

  std::size_t connects = 0;
  std::vector<client::Disconnected> disconnects;
  std::vector<client::CommandError> failures;  // of what it said

 private:
  void on_connected(std::string_view client_id, std::string_view server_version) override;
  void on_disconnected(const client::Disconnected& why) override;
  void on_subscribed(std::string_view channel, const client::Subscribed& how) override;
  void on_unsubscribed(std::string_view channel, std::uint32_t code,
                       std::string_view reason) override;
  void on_publication(std::string_view channel, const PublicationView& publication) override;
  void on_join(std::string_view channel, const ClientInfoView& who) override;
  void on_leave(std::string_view channel, const ClientInfoView& who) override;
  void talk();

  const std::string name_;
  Ledger& ledger_;
  client::Client client_;
  std::map<std::string, Room, std::less<>> rooms_;
  std::size_t said_ = 0;
  Timer pace_;
};

}  // namespace chirm::testing
