// SPDX-License-Identifier: MIT
#pragma once
// What the tests share in which Redis comes back without its newest writes: nodes that follow a
// room, as hubs do.

#include <string>

#include "protocol/message.h"
#include "tests/core/broker/redis/redis_fixture.h"

namespace chirm::testing {

inline constexpr const char* kRoom = "room:a";

class RedisLifeTest : public RedisTest {
 protected:
  // What a session would publish.
  static std::string body(const std::string& id, const std::string& text = "") {
    std::string made;
    append_publication_body(made, R"({"id":")" + id + R"(","text":")" + text + "\"}",
                            {"ada", "client", ""}, 1);
    return made;
  }
  Position publish(BrokerNode& node, const std::string& id, const std::string& channel = kRoom) {
    const std::string text = body(id);
    const auto position = node.publish({channel, text, "ada", id});
    EXPECT_TRUE(position && *position) << id;
    return position && *position ? **position : Position{};
  }
  void publish_all(BrokerNode& node, int from, int to) {
    for (int i = from; i <= to; ++i) publish(node, std::to_string(i));
  }
  static std::string bodies_of(int from, int to) {
    std::string text;
    for (int i = from; i <= to; ++i) text += (i == from ? "" : " ") + body(std::to_string(i));
    return text;
  }
  static LogTop top(BrokerNode& node, const std::string& channel = kRoom) {
    const auto history = node.history({channel, 0, 0, false});
    EXPECT_TRUE(history && *history);
    return history && *history ? (*history)->top : LogTop{};
  }

  // A node that follows the room.
  std::unique_ptr<BrokerNode> make_follower(const std::string& url, const std::string& name = "") {
    auto node = make_node(url, name);
    const auto top = node->follow(kRoom);
    EXPECT_TRUE(top && *top);
    return node;
  }
  bool run_until_received(BrokerNode& node, std::uint64_t offset) {
    return node.run_until([&] { return node.logs[kRoom].top.offset >= offset; });
  }
  // Until each of so many nodes has renewed its lease, and so knows who else has one.
  void run_until_leases_are_new(BrokerNode& node, std::size_t nodes) {
    for (int round = 0; round < 2; ++round) {
      const std::string leases =
          server_.command({"ZREVRANGE", "chirm:nodes", "0", "0", "WITHSCORES"});
      const std::string newest = leases.substr(leases.rfind(' ') + 1);
      ASSERT_TRUE(node.run_until([&] {
        return server_.command({"ZCOUNT", "chirm:nodes", "(" + newest, "+inf"}) ==
               std::to_string(nodes);
      }));
    }
  }
  // Whether a node is at such a stage (redis_life_scripts.h).
  bool life_has(const std::string& stage) {
    return server_.command({"HKEYS", "chirm:life"}).find(stage) != std::string::npos;
  }
  // As of a node that was killed a moment ago.
  static void add_lease(const RedisServer& server, const std::string& name) {
    server.command({"EVAL",
                    "return redis.call('ZADD', 'chirm:nodes', redis.call('HGET', 'chirm:life', "
                    "'b'), ARGV[1])",
                    "0", name});
  }
  void restart_empty() {
    server_.kill();
    server_.lose_data();
    server_.start();
  }
  void restart_from_snapshot() {
    server_.kill();
    server_.start();
  }
  bool run_until_back(BrokerNode& node) {
    return node.run_until([&] { return node.broker->counters().store_lives == 1; }) &&
           node.run_until_ready();
  }
  static void expect_epoch(BrokerNode& node, const std::string& epoch) {
    EXPECT_EQ(top(node).epoch, epoch);
  }

  RedisServer server_{{.configuration = {}, .arguments = {}, .has_tcp = true, .is_started = true}};
};

}  // namespace chirm::testing
