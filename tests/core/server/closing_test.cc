// SPDX-License-Identifier: MIT
// How connections end: the closing handshake from either side, resets, half-closed sockets.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <utility>

#include "tests/support/server_node.h"

namespace chirm {
namespace {

using ::testing::ElementsAre;
using testing::RawClient;
using testing::ServerNode;
using ::testing::StartsWith;

class Closing : public ::testing::Test {
 protected:
  // A client that does not read, and is not read any more itself. That it will not be can be told
  // only from many turns in which it was not: blocked once, it may be read again.
  static RawClient& add_stuck_client(ServerNode& node) {
    RawClient& client = node.add_subscriber();
    client.stop_reading();
    const std::string command = RawClient::frame(R"({"id":9,"history":{"channel":"room:a"}})");
    std::string commands;
    for (int i = 0; i < 1'000; ++i) commands += command;
    double received = 0;
    int turns = 0;  // since anything was read
    EXPECT_TRUE(node.run_until([&] {
      if (client.has_sent_all()) client.send_bytes(commands);
      const double before = std::exchange(received, node.metric("chirm_received_bytes_total"));
      turns = received == before && !client.has_sent_all() ? turns + 1 : 0;
      return turns >= 200 && node.metric("chirm_blocked_writes_total") > 0;
    }));
    return client;
  }
  bool run_until_connections(int count) {
    return node.run_until([&] { return node.metric("chirm_connections") == count; });
  }
  void publish(RawClient& client, const std::string& data = "1") {
    client.send(R"({"id":3,"publish":{"channel":"room:a","data":)" + data + "}}");
  }

  ServerNode node;
};

TEST_F(Closing, EchoesTheCodeOfAClientAndEndsTheConnection) {
  for (const std::uint16_t code : std::initializer_list<std::uint16_t>{1000, 1001, 3000, 4999}) {
    RawClient& client = node.add_subscriber();
    client.send_close(code);
    client.send(R"({"id":9,"rpc":{}})");  // after a Close frame nothing is heard
    EXPECT_TRUE(node.run_until([&] { return client.is_ended(); }));
    EXPECT_THAT(client.events.take(), ElementsAre("close " + std::to_string(code) + " bye"));
    EXPECT_FALSE(client.was_reset());
    EXPECT_EQ(node.metric("chirm_subscriptions"), 0);
    client.close();
    EXPECT_TRUE(run_until_connections(0));
  }
}

TEST_F(Closing, CountsClientsThatCloseNotByTheirCodes) {
  for (const std::uint16_t code : std::initializer_list<std::uint16_t>{1000, 4001, 4002}) {
    RawClient& client = node.add_subscriber();
    client.send_close(code);
    EXPECT_TRUE(node.run_until([&] { return client.is_ended(); }));
  }
  EXPECT_EQ(node.metric("chirm_disconnects_total{code=\"3000\"}"), 3);
  EXPECT_EQ(node.metric("chirm_disconnects_total{code=\"4001\"}"), -1);
}

TEST_F(Closing, WaitsForTheClientsCloseFrameAndItsEnd) {
  RawClient& client = node.add_subscriber();
  client.send("nonsense");
  EXPECT_TRUE(node.run_until([&] { return client.events.close_code == 3501; }));
  client.send_close(3501);
  EXPECT_EQ(node.metric("chirm_connections"), 1);
  client.close();
  EXPECT_TRUE(run_until_connections(0));
}

TEST_F(Closing, GivesAClientThatDoesNotCloseSomeTimeOnly) {
  RawClient& client = node.add_subscriber();
  const std::uint64_t start_ms = node.loop.now_ms();
  client.send("nonsense");
  EXPECT_TRUE(node.run_until([&] { return client.events.close_code == 3501; }));
  client.stop_reading();  // so that it does not notice the end either
  EXPECT_TRUE(node.pass_until([&] { return node.metric("chirm_connections") == 0; }));
  EXPECT_GE(node.loop.now_ms(), start_ms + 1'000);
}

TEST_F(Closing, GivesAClientThatDoesNotReadSomeTimeOnly) {
  RawClient& publisher = node.add_subscriber();
  RawClient& client = node.add_subscriber();
  client.stop_reading();
  const std::string data = '"' + std::string(60'000, 'x') + '"';
  for (int i = 0; i < 300; ++i) publish(publisher, data);
  EXPECT_TRUE(node.run_until([&] { return publisher.events.lines.size() == 600; }));
  client.send("nonsense");
  EXPECT_TRUE(node.pass_until([&] { return node.metric("chirm_connections") == 1; }));
}

TEST_F(Closing, TakesTheEndOfTheClientsDirectionForItsEnd) {
  RawClient& client = node.add_subscriber();
  publish(client);
  client.shut_down();
  EXPECT_TRUE(node.run_until([&] { return client.is_ended(); }));
  EXPECT_TRUE(run_until_connections(0));
  EXPECT_EQ(node.metric("chirm_broker_published_total"), 1);
}

TEST_F(Closing, SurvivesResetsInTheMiddleOfABroadcast) {
  RawClient& publisher = node.add_subscriber();
  RawClient& witness = node.add_subscriber();
  std::vector<RawClient*> clients;
  for (int i = 0; i < 20; ++i) clients.push_back(&node.add_subscriber());
  for (int i = 0; i < 5; ++i) clients[static_cast<std::size_t>(i)]->stop_reading();
  const std::string data = '"' + std::string(30'000, 'x') + '"';
  constexpr std::size_t kPublications = 200;
  std::size_t sent = 0;
  EXPECT_TRUE(node.run_until([&] {
    if (sent < kPublications) publish(publisher, data), ++sent;
    if (sent % 8 == 0 && sent / 8 <= clients.size()) clients[sent / 8 - 1]->reset();
    return publisher.events.lines.size() == 2 * kPublications &&
           witness.events.lines.size() == kPublications;
  }));
  for (std::size_t i = 0; i < kPublications; ++i) {
    ASSERT_THAT(witness.events.lines[i], StartsWith("room:a " + std::to_string(i + 1) + " "));
  }
  EXPECT_TRUE(run_until_connections(2));
  EXPECT_EQ(node.metric("chirm_subscriptions"), 2);
}

TEST_F(Closing, NoticesAResetWhileItDoesNotWantInput) {
  add_stuck_client(node).reset();
  EXPECT_TRUE(run_until_connections(0));
}

TEST_F(Closing, ReadsTheEndOfAClientAlsoWhenItDidNotWantInput) {
  ServerSettings patient = ServerNode::server_settings();
  patient.close_timeout_s = 3'600;
  ServerNode other(patient);
  RawClient& client = add_stuck_client(other);
  other.server.stop([] {});
  client.go_on_reading();
  EXPECT_TRUE(other.run_until([&] { return client.is_ended(); }));
  EXPECT_EQ(client.events.close_code, 3001);
  client.close();
  EXPECT_TRUE(other.run_until([&] { return other.metric("chirm_connections") == 0; }));
}

TEST_F(Closing, SurvivesAResetWithRequestsUnread) {
  RawClient& witness = node.add_subscriber();
  for (int i = 0; i < 20; ++i) {
    RawClient& client = node.add_client();
    if (i % 2 == 0) client.send_bytes(RawClient::upgrade_text());
    if (i % 4 == 0) client.send(R"({"id":1,"connect":{}})");
    client.reset();
  }
  EXPECT_TRUE(run_until_connections(1));
  publish(witness);
  EXPECT_TRUE(node.run_until([&] { return witness.events.lines.size() == 2; }));
}

TEST_F(Closing, LetsASlowReaderCatchUp) {
  RawClient& publisher = node.add_subscriber();
  RawClient& slow = node.add_subscriber();
  slow.stop_reading();
  const std::string data = '"' + std::string(10'000, 'x') + '"';
  constexpr std::size_t kPublications = 300;
  for (std::size_t i = 0; i < kPublications; ++i) publish(publisher, data);
  EXPECT_TRUE(node.run_until([&] { return publisher.events.lines.size() == 2 * kPublications; }));
  slow.go_on_reading();
  EXPECT_TRUE(node.run_until([&] { return slow.events.lines.size() == kPublications; }));
  for (std::size_t i = 0; i < kPublications; ++i) {
    ASSERT_THAT(slow.events.lines[i], StartsWith("room:a " + std::to_string(i + 1) + " "));
  }
}

}  // namespace
}  // namespace chirm
