// SPDX-License-Identifier: MIT
// A server that stops: whom it sends away when, what it still answers, and what it refuses.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/server_node.h"

namespace chirm {
namespace {

using ::testing::ElementsAre;
using testing::RawClient;
using testing::ServerNode;

class Draining : public ::testing::Test {
 protected:
  // All clients of these tests close when they are sent away: nobody need be given up.
  static ServerSettings settings() {
    ServerSettings settings = ServerNode::server_settings();
    settings.close_timeout_s = 3600;
    return settings;
  }
  bool run_until_connections(int count) {
    return node.run_until([&] { return node.metric("chirm_connections") == count; });
  }
  static void publish(RawClient& client, const std::string& data = "1") {
    client.send(R"({"id":3,"publish":{"channel":"room:a","data":)" + data + "}}");
  }

  ServerNode node{settings()};
};

TEST_F(Draining, SendsEveryClientAwayWith3001WhenTheServerStops) {
  std::vector<RawClient*> clients;
  for (int i = 0; i < 10; ++i) clients.push_back(&node.add_subscriber());
  RawClient& unconnected = node.add_websocket();
  RawClient& silent = node.add_client();
  EXPECT_TRUE(run_until_connections(12));
  publish(*clients[0]);
  EXPECT_TRUE(node.run_until([&] { return clients[9]->events.lines.size() == 1; }));
  bool is_stopped = false;
  node.server.stop([&] { is_stopped = true; });
  // SDKs close when they read a Close frame.
  EXPECT_TRUE(node.run_until([&] {
    for (const auto& client : node.clients) {
      if (client->is_ended()) client->close();
    }
    return is_stopped;
  }));
  for (RawClient* client : clients) {
    EXPECT_EQ(client->events.lines.back(), "close 3001 shutdown");
  }
  EXPECT_THAT(unconnected.events.take(), ElementsAre("close 3001 shutdown"));
  EXPECT_TRUE(silent.is_ended());
  EXPECT_EQ(node.metric("chirm_connections"), 0);
}

TEST_F(Draining, StopsWithoutClientsAtOnce) {
  bool is_stopped = false;
  node.server.stop([&] { is_stopped = true; });
  EXPECT_TRUE(node.run_until([&] { return is_stopped; }));
}

// Clients have an hour for HTTP, so that nothing but the time for draining can stop the server.
TEST(DrainingInTime, StopsWhateverClientsDo) {
  ServerSettings patient = ServerNode::server_settings();
  patient.request_timeout_s = patient.keep_alive_s = 3600;
  ServerNode node(patient);
  (void)node.add_subscriber();  // never closes
  node.add_subscriber().stop_reading();
  RawClient& http = node.add_client();  // got its response and stays
  http.send_bytes("GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
  EXPECT_TRUE(node.run_until([&] { return http.is_ended(); }));
  bool is_stopped = false;
  node.server.stop([&] { is_stopped = true; });
  EXPECT_TRUE(node.run_until([&] { return is_stopped; }));
  EXPECT_GE(node.metric("chirm_connections"), 1);  // the last of them would have stayed
}

TEST_F(Draining, AnswersAPublishBeforeItSendsItsClientAway) {
  RawClient& client = node.add_subscriber();
  const std::uint64_t before = node.broker.counters().publishes;
  publish(client);
  EXPECT_TRUE(node.run_until([&] { return node.broker.counters().publishes > before; }));
  bool is_stopped = false;
  node.server.stop([&] { is_stopped = true; });
  EXPECT_TRUE(node.run_until([&] {
    if (client.is_ended()) client.close();
    return is_stopped;
  }));
  EXPECT_TRUE(client.events.has("3 publish "));
  EXPECT_EQ(client.events.lines.back(), "close 3001 shutdown");
}

TEST_F(Draining, TakesNoConnectionsOnceItStops) {
  const std::uint16_t port = node.server.port();
  (void)node.add_subscriber();
  node.server.stop([] {});
  RawClient late(node.loop, port);
  EXPECT_TRUE(node.run_until([&] { return late.is_ended(); }));
  EXPECT_TRUE(late.was_reset());
}

class SlowDraining : public ::testing::Test {
 protected:
  explicit SlowDraining(std::uint32_t drain_s = 2) : node(settings(drain_s)) {}
  static ServerSettings settings(std::uint32_t drain_s) {
    ServerSettings settings = ServerNode::server_settings();
    settings.drain_s = drain_s;
    return settings;
  }
  void stop() {
    node.server.stop([this] { is_stopped = true; });
  }
  void close_ended() {  // as SDKs do when they read a Close frame
    for (const auto& client : node.clients) {
      if (client->is_ended()) client->close();
    }
  }
  int sent_away() {
    return static_cast<int>(node.metric(R"(chirm_disconnects_total{code="3001"})"));
  }

  ServerNode node;
  bool is_stopped = false;
};

TEST_F(SlowDraining, SendsClientsAwayEvenlySpread) {
  constexpr int kClients = 60;
  constexpr int kPerTick = 3;  // of twenty ticks
  for (int i = 0; i < kClients; ++i) (void)node.add_subscriber();
  const std::uint64_t start_ms = node.loop.now_ms();
  stop();
  int seen = sent_away();
  EXPECT_TRUE(node.pass_until(
      [&] {
        // Between two looks there is one tick at most.
        EXPECT_LE(sent_away() - seen, kPerTick);
        seen = sent_away();
        const int ticks = static_cast<int>((node.loop.now_ms() - start_ms) / 100) + 1;
        EXPECT_LE(sent_away(), kPerTick * ticks)
            << "after " << node.loop.now_ms() - start_ms << " ms";
        close_ended();
        return is_stopped;
      },
      10));
  EXPECT_EQ(sent_away(), kClients);
}

TEST_F(SlowDraining, SpreadsAFewOverAllOfTheTime) {
  for (int i = 0; i < 4; ++i) (void)node.add_subscriber();
  const std::uint64_t start_ms = node.loop.now_ms();
  stop();
  EXPECT_EQ(sent_away(), 1);
  EXPECT_TRUE(node.pass_until([&] { return sent_away() == 4; }));
  EXPECT_GE(node.loop.now_ms() - start_ms, 1400U);
}

// In which the turn of all but the first does not come as long as a test runs.
class EndlessDraining : public SlowDraining {
 protected:
  EndlessDraining() : SlowDraining(3600) {}
};

TEST_F(EndlessDraining, ServesThoseWhoseTurnHasNotCome) {
  RawClient& first = node.add_subscriber();
  for (int i = 0; i < 38; ++i) (void)node.add_subscriber();
  RawClient& last = node.add_subscriber();
  stop();
  EXPECT_TRUE(node.run_until([&] { return first.is_ended(); }));
  last.send(R"({"id":3,"publish":{"channel":"room:a","data":1}})");
  EXPECT_TRUE(node.run_until([&] { return last.events.has("3 publish "); }));
  EXPECT_TRUE(last.events.has("room:a 1 1"));
  EXPECT_FALSE(last.is_ended());
}

TEST_F(EndlessDraining, TellsAnUpgradeThatComesLateToGoElsewhere) {
  for (int i = 0; i < 40; ++i) (void)node.add_subscriber();
  RawClient& late = node.add_client();
  EXPECT_TRUE(node.run_until([&] { return node.metric("chirm_connections") == 41; }));
  stop();
  late.send_upgrade();
  EXPECT_TRUE(node.run_until([&] { return late.status() != 0 || late.is_upgraded(); }));
  EXPECT_EQ(late.status(), 503);
}

TEST_F(EndlessDraining, IsNotReadyAndStillAlive) {
  for (int i = 0; i < 40; ++i) (void)node.add_subscriber();
  RawClient& ready = node.add_client();
  RawClient& alive = node.add_client();
  EXPECT_TRUE(node.run_until([&] { return node.metric("chirm_connections") == 42; }));
  stop();
  ready.send_bytes("GET /readyz HTTP/1.1\r\nHost: x\r\n\r\n");
  alive.send_bytes("GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_TRUE(node.run_until([&] { return ready.status() != 0 && alive.status() != 0; }));
  EXPECT_EQ(ready.status(), 503);
  EXPECT_EQ(alive.status(), 200);
}

}  // namespace
}  // namespace chirm
