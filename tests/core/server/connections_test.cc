// SPDX-License-Identifier: MIT
// Connections that come, talk and go in any order: the server's own checks run at the end of each
// turn (ConnectionRegistry::check and what it calls), and what is left agrees with a model.
#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <string>
#include <vector>

#include "tests/support/server_node.h"

namespace chirm {
namespace {

using testing::RawClient;
using testing::ServerNode;

class RandomConnections : public ::testing::TestWithParam<unsigned> {
 protected:
  // Ends nobody by itself while the test runs.
  static ServerSettings patient() {
    ServerSettings settings = ServerNode::server_settings();
    settings.request_timeout_s = settings.keep_alive_s = 3600;
    return settings;
  }
  // A client of the model: it stays until it leaves, whatever it says.
  void add() {
    RawClient& client = node.add_client();
    switch (random() % 3) {
      case 0:
        break;  // says nothing
      case 1:
        client.send_bytes("GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n");
        break;
      default:
        client.send_upgrade();
        // With the upgrade, or in the same packet, or behind it.
        if (random() % 2 == 0) run_some_turns();
        client.send(R"({"id":1,"connect":{"data":{"name":"ada"}}})");
        if (random() % 2 == 0) client.send(R"({"id":2,"subscribe":{"channel":"room:a"}})");
    }
    present.push_back(&client);
  }
  void leave(RawClient& client) {
    switch (random() % 3) {
      case 0:
        client.close();
        break;
      case 1:
        client.reset();
        break;
      default:
        client.send_bytes("no HTTP, and no frame\r\n\r\n");  // so the server begins to end it
        run_some_turns();
        client.close();
    }
  }
  void run_some_turns() {
    int turns = 0;
    EXPECT_TRUE(node.run_until([&] { return ++turns > 2; }));
  }

  const unsigned seed = GetParam();
  std::mt19937 random{seed};
  ServerNode node{patient()};
  std::vector<RawClient*> present;
};

TEST_P(RandomConnections, AreAllCountedAndNoneIsLeftBehind) {
  SCOPED_TRACE("seed " + std::to_string(seed));
  for (int step = 0; step < 60; ++step) {
    if (present.empty() || random() % 3 != 0) {
      add();
    } else {
      const auto pick = present.begin() + static_cast<int>(random() % present.size());
      leave(**pick);
      present.erase(pick);
    }
    if (random() % 4 == 0) run_some_turns();
  }
  EXPECT_TRUE(node.run_until([&] {
    return node.metric("chirm_connections") == static_cast<double>(present.size());
  })) << node.metric("chirm_connections")
      << " connections, expected " << present.size();
  for (RawClient* client : present) leave(*client);
  EXPECT_TRUE(node.run_until([&] { return node.metric("chirm_connections") == 0; }))
      << node.metric("chirm_connections") << " connections were left behind";
  EXPECT_EQ(node.metric("chirm_sessions"), 0);
  EXPECT_EQ(node.metric("chirm_subscriptions"), 0);
}

TEST_P(RandomConnections, AreAllSentAwayWhenTheServerStops) {
  SCOPED_TRACE("seed " + std::to_string(seed));
  for (int i = 0; i < 30; ++i) {
    add();
    if (random() % 4 == 0) run_some_turns();
  }
  bool is_stopped = false;
  node.server.stop([&] { is_stopped = true; });
  EXPECT_TRUE(node.run_until([&] {
    for (RawClient* client : present) {
      if (client->is_ended()) client->close();
    }
    return is_stopped;
  }));
}

INSTANTIATE_TEST_SUITE_P(Seeds, RandomConnections, ::testing::Range(1U, 9U));

}  // namespace
}  // namespace chirm
