// SPDX-License-Identifier: MIT
#pragma once
// Servers with rooms on one loop, on every kind of store, and people who talk to them through their
// sockets.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/broker/broker.h"
#include "core/chat/chat_settings.h"
#include "core/server/server.h"
#include "core/server/server_settings.h"
#include "tests/support/loop_runner.h"
#include "tests/support/raw_client.h"
#include "tests/support/redis_server.h"
#include "tests/support/temp_directory.h"

namespace chirm::testing {

// Somebody on a connection. Whatever they ask has been answered when the call returns: with the
// result as JSON, or with "<code> <message>" of an error.
class Person {
 public:
  // Connects with a token of these claims, and waits until all that follows from it is done.
  Person(Loop& loop, std::uint16_t port, std::string user, const std::string& claims = {});

  std::string ask(std::string_view method, std::string_view data = "{}");
  // Of {"room":"…"} with more members behind.
  std::string ask_room(std::string_view method, std::string_view room, std::string_view more = {});
  std::string subscribe(std::string_view channel);
  std::string publish(std::string_view channel, std::string_view data);
  std::string say(std::string_view channel, std::string_view text);
  std::string history(std::string_view channel);
  std::string presence(std::string_view channel);
  // With a new token of these claims.
  std::string refresh(const std::string& claims);
  // Any command, as {"<method>":…} without braces.
  std::string command(const std::string& body);

  // Whether a push with this text in it comes, or has come.
  bool hears(std::string_view text);
  std::size_t count_pushes(std::string_view text);
  void forget() { pushes_.clear(); }

  const std::string user;

 private:
  std::string token(const std::string& claims) const;
  void take();

  Loop& loop_;
  RawClient client_;
  std::uint32_t last_id_ = 0;
  std::vector<std::string> replies_;
  std::vector<std::string> pushes_;
};

enum class StoreKind : std::uint8_t { kMemory, kSqlite, kRedis };

class RoomsTest : public ::testing::TestWithParam<StoreKind> {
 protected:
  RoomsTest();
  ~RoomsTest() override;

  static ChatSettings chat_settings();
  // Only Redis has more than one.
  void add_node(const ChatSettings& settings = chat_settings());
  void add_node(std::unique_ptr<Broker> broker, const ChatSettings& settings = chat_settings());
  Person& enter(const std::string& user, std::size_t node = 0);
  Person& enter_as_admin(const std::string& user, std::size_t node = 0);
  Person& enter_with(const std::string& user, const std::string& claims, std::size_t node = 0);

  // A new document, behind the back of the nodes.
  void put(std::string_view collection, std::string_view id, std::string_view value);
  // The status that /api/<method> of the first node answers.
  int call_api(const std::string& method, const std::string& params);
  // The store, where it is one.
  RedisServer& redis() { return *redis_; }

  Loop loop;

 private:
  struct Node {
    std::unique_ptr<Broker> broker;
    std::unique_ptr<Server> server;
  };
  std::unique_ptr<Broker> make_broker();

  TempDirectory directory_;
  std::unique_ptr<RedisServer> redis_;
  std::vector<Node> nodes_;
  std::vector<std::unique_ptr<Person>> people_;
};

inline std::string name_of_store(const ::testing::TestParamInfo<StoreKind>& kind) {
  if (kind.param == StoreKind::kMemory) return "Memory";
  return kind.param == StoreKind::kSqlite ? "Sqlite" : "Redis";
}
inline auto every_store() {
  return ::testing::Values(StoreKind::kMemory, StoreKind::kSqlite, StoreKind::kRedis);
}

}  // namespace chirm::testing
