// SPDX-License-Identifier: MIT
#pragma once
// What the tests of the server API share: one node with its channels in memory or in a file, or two
// with one Redis. Requests go to the first, clients connect to the last.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/broker/memory/memory_broker.h"
#include "core/broker/redis/redis_broker.h"
#include "core/broker/sqlite/sqlite_broker.h"
#include "core/server/server.h"
#include "tests/support/loop_runner.h"
#include "tests/support/raw_client.h"
#include "tests/support/redis_server.h"
#include "tests/support/server_node.h"
#include "tests/support/temp_directory.h"

namespace chirm::testing {

inline constexpr const char* kApiKey = "the key";

struct ApiAnswer {
  int status = 0;
  std::string type;  // Content-Type
  std::string body;
};

class ApiNodes {
 public:
  // One node on an SQLite file, one in memory, or several with a Redis.
  static constexpr std::size_t kOnSqlite = 0;
  explicit ApiNodes(std::size_t nodes, ServerSettings settings = api_settings(),
                    const ChatSettings& chat = ServerNode::chat_settings()) {
    if (nodes == kOnSqlite) directory_.emplace();
    if (nodes > 1) redis_.emplace();
    nodes = std::max<std::size_t>(1, nodes);
    for (std::size_t i = 0; i < nodes; ++i) {
      settings.node_name = "n" + std::to_string(i);
      brokers_.push_back(make_broker());
      servers.push_back(std::make_unique<Server>(loop, *brokers_.back(), settings, chat));
      EXPECT_TRUE(servers.back()->listen().has_value());
    }
    EXPECT_TRUE(run_until([&] {
      return std::ranges::all_of(brokers_, [&](const auto& broker) {
        return broker->health() == Health::kReady && broker->nodes().nodes().size() == nodes;
      });
    }));
  }

  static ServerSettings api_settings() {
    ServerSettings settings = ServerNode::server_settings();
    settings.api_key = kApiKey;
    settings.request_timeout_s = settings.answer_timeout_s = 600;  // some answers are very long
    return settings;
  }

  bool run_until(const std::function<bool()>& is_done) { return testing::run_until(loop, is_done); }

  ApiAnswer request(const std::string& line, const std::string& headers, const std::string& body) {
    RawClient client(loop, servers.front()->port());
    client.send_bytes(line + " HTTP/1.1\r\nHost: x\r\nConnection: close\r\n" + headers +
                      "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body);
    EXPECT_TRUE(run_until([&] { return client.is_ended(); }));
    const std::size_t end = client.http.find("\r\n\r\n");
    const std::string head = client.http.substr(0, end);
    const std::string type_name = "\r\nContent-Type: ";
    const std::size_t type = head.find(type_name);
    ApiAnswer answer{client.status(), "", client.http.substr(std::min(end, head.size()) + 4)};
    if (type != head.npos) {
      const std::size_t begin = type + type_name.size();
      answer.type = head.substr(begin, head.find("\r\n", begin) - begin);
    }
    return answer;
  }
  ApiAnswer post(const std::string& path, const std::string& body) {
    return request("POST " + path, std::string("X-API-Key: ") + kApiKey + "\r\n", body);
  }
  // What a method answers, which has to be 200 and JSON.
  std::string call(const std::string& method, const std::string& params) {
    const ApiAnswer answer = post("/api/" + method, params);
    EXPECT_EQ(answer.status, 200) << answer.body;
    EXPECT_EQ(answer.type, "application/json");
    return answer.body;
  }

  // Calls until the answer is as wanted; returns the last one.
  std::string call_until(const std::string& method,
                         const std::function<bool(const std::string&)>& is_right) {
    std::string answer;
    (void)ask_until([&] { return is_right(answer = call(method, "{}")); });
    return answer;
  }

  // A connected client that has taken its reply; of the last node, or another.
  RawClient& connect(const std::string& user, std::optional<std::size_t> node = {}) {
    const Server& server = node ? *servers[*node] : *servers.back();
    RawClient& client = *clients.emplace_back(std::make_unique<RawClient>(loop, server.port()));
    client.send_upgrade();
    EXPECT_TRUE(run_until([&] { return client.is_upgraded(); }));
    client.send(R"({"id":1,"connect":{"data":{"name":")" + user + "\"}}}");
    take(client, 1);
    return client;
  }
  // The client's lines, at least so many.
  std::vector<std::string> take(RawClient& client, std::size_t count) {
    EXPECT_TRUE(run_until([&] { return client.events.lines.size() >= count; }));
    return client.events.take();
  }
  void subscribe(RawClient& client, const std::string& channel) {
    client.send(R"({"id":2,"subscribe":{"channel":")" + channel + "\"}}");
    EXPECT_THAT(take(client, 1), ::testing::ElementsAre(::testing::StartsWith("2 subscribe ")));
  }
  // Nothing more comes to it: what it asks now is answered next.
  void expect_silence(RawClient& client) {
    client.send(R"({"id":9,"unsubscribe":{"channel":"nothing"}})");
    EXPECT_THAT(take(client, 1), ::testing::ElementsAre("9 unsubscribe {}"));
  }

  Loop loop;

 private:
  std::unique_ptr<Broker> make_broker() {
    if (directory_) {
      auto opened = SqliteBroker::open(loop, directory_->path() + "/store.db", StoreSync::kNormal,
                                       BrokerSettings{});
      EXPECT_TRUE(opened.has_value());
      return std::move(*opened);
    }
    if (!redis_) return std::make_unique<MemoryBroker>(loop, BrokerSettings{});
    const auto url = parse_redis_url(redis_->unix_url());
    return std::make_unique<RedisBroker>(loop, *url, BrokerSettings{.hold_ms = kDeadlineMs});
  }

  std::optional<TempDirectory> directory_;
  std::optional<RedisServer> redis_;
  std::vector<std::unique_ptr<Broker>> brokers_;

 public:
  std::vector<std::unique_ptr<Server>> servers;
  std::vector<std::unique_ptr<RawClient>> clients;
};

}  // namespace chirm::testing
