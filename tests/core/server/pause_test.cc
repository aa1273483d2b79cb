// SPDX-License-Identifier: MIT
// A server that did not run for a while: what waited in its sockets is not done.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>

#include "tests/support/server_node.h"

namespace chirm {
namespace {

using testing::RawClient;
using testing::ServerNode;

constexpr std::uint64_t kLongMs = 60'000;

class ServerPause : public ::testing::Test {
 protected:
  // How many publications room:a has ever had.
  std::optional<std::uint64_t> top() {
    std::optional<std::uint64_t> top;
    node_.broker.history({"room:a", 0, 0, false}, [&](const auto& history) {
      if (history) top = history->top.offset;
    });
    EXPECT_TRUE(node_.run_until([&] { return top.has_value(); }));
    return top;
  }
  static void publish(RawClient& client) {
    client.send(R"({"id":3,"publish":{"channel":"room:a","data":{"id":"m1"}}})");
  }

  ServerNode node_;
};

TEST_F(ServerPause, ClosesConnectionsAndDoesNothingOfWhatTheySent) {
  RawClient& client = node_.add_subscriber();
  RawClient& silent = node_.add_subscriber();
  publish(client);
  node_.loop.pause_ms(kLongMs);
  for (RawClient* one : {&client, &silent}) {
    EXPECT_TRUE(node_.run_until([&] { return one->is_ended(); }));
    EXPECT_EQ(one->events.close_code, 3004);
  }
  EXPECT_EQ(top(), 0U);
  EXPECT_EQ(node_.metric("chirm_pauses_total"), 1);
  // Who comes back is served.
  RawClient& again = node_.add_subscriber();
  publish(again);
  EXPECT_TRUE(node_.run_until([&] { return !again.events.lines.empty(); }));
  EXPECT_EQ(top(), 1U);
}

TEST_F(ServerPause, ClosesConnectionsThatWaitToBeAccepted) {
  const testing::RawClient unheard(node_.loop, node_.server.port());
  const double accepted = node_.metric("chirm_connections_accepted_total");
  node_.loop.pause_ms(kLongMs);
  EXPECT_TRUE(node_.run_until([&] { return unheard.is_ended() || unheard.was_reset(); }));
  EXPECT_EQ(node_.metric("chirm_connections_accepted_total"), accepted);
}

TEST_F(ServerPause, ClosesRequestsThatAreOnTheirWay) {
  RawClient& client = node_.add_client();
  client.send_bytes("GET /healthz HTTP/1.1\r\nHost: h\r\n");
  EXPECT_TRUE(node_.run_until([&] { return node_.metric("chirm_received_bytes_total") > 0; }));
  client.send_bytes("\r\n");
  node_.loop.pause_ms(kLongMs);
  EXPECT_TRUE(node_.run_until([&] { return client.is_ended() || client.was_reset(); }));
  EXPECT_EQ(client.status(), 0);
}

TEST_F(ServerPause, TakesAStallForWhatItIs) {
  RawClient& client = node_.add_subscriber();
  publish(client);
  node_.loop.pause_ms(ServerSettings{}.pause_max_ms / 2);
  EXPECT_TRUE(node_.run_until([&] { return !client.events.lines.empty(); }));
  EXPECT_EQ(top(), 1U);
  EXPECT_EQ(node_.metric("chirm_pauses_total"), 0);
}

// There is no other node that it could have been sent to again: it comes here, after the pause.
TEST_F(ServerPause, RecognisesWhatWasStoredBeforeIt) {
  RawClient& client = node_.add_subscriber();
  publish(client);
  EXPECT_TRUE(node_.run_until([&] { return !client.events.lines.empty(); }));
  node_.loop.pause_ms(10 * BrokerSettings{}.idempotency_ttl_ms);
  node_.pass_ms(20'000);  // what is old is forgotten by then
  RawClient& again = node_.add_subscriber();
  publish(again);
  EXPECT_TRUE(node_.run_until([&] { return !again.events.lines.empty(); }));
  EXPECT_EQ(top(), 1U);
}

}  // namespace
}  // namespace chirm
