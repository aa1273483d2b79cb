// SPDX-License-Identifier: MIT
#pragma once
// A node whose users sign in, over each store.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <string>

#include "core/broker/memory/memory_broker.h"
#include "core/broker/redis/redis_broker.h"
#include "core/broker/sqlite/sqlite_broker.h"
#include "tests/support/auth_node.h"
#include "tests/support/redis_server.h"
#include "tests/support/temp_directory.h"

namespace chirm::testing {

// Its data outlives the nodes.
class SigningIn : public ::testing::TestWithParam<const char*> {
 protected:
  SigningIn() {
    if (is("redis")) redis_ = std::make_unique<RedisServer>();
    start();
  }

  static bool is(const std::string& store) { return GetParam() == store; }
  std::unique_ptr<Broker> make_broker(Loop& loop) {
    if (is("memory")) return std::make_unique<MemoryBroker>(loop, BrokerSettings());
    if (is("redis")) {
      return std::make_unique<RedisBroker>(loop, *parse_redis_url(redis_->unix_url()),
                                           BrokerSettings{.hold_ms = kDeadlineMs},
                                           RedisIdentity{.node_name = "node"});
    }
    auto opened = SqliteBroker::open(loop, directory_.path() + "/store.db", StoreSync::kNormal,
                                     BrokerSettings());
    EXPECT_TRUE(opened.has_value());
    return std::move(*opened);
  }
  // A node with a new loop, as after a restart.
  void start(const AccountSettings& settings = AuthNode::account_settings()) {
    node_.reset();
    loop_.reset();
    loop_ = std::make_unique<Loop>();
    node_ = std::make_unique<AuthNode>(*loop_, make_broker(*loop_), settings);
    EXPECT_TRUE(node_->run_until_ready());
  }
  AuthNode& node() { return *node_; }
  AuthReply refresh(const std::string& token) {
    return node().post("/auth/refresh", AuthNode::with_refresh(token));
  }
  AuthReply log_in(const std::string& name, const std::string& password) {
    return node().post("/auth/login", AuthNode::credentials(name, password));
  }
  AuthReply log_out(const AuthReply& session) {
    return node().post("/auth/logout", AuthNode::with_refresh(session.text("refresh_token")));
  }
  AuthReply log_out_all(const AuthReply& session) {
    return node().post("/auth/logout", R"({"all":true,"refresh_token":")" +
                                           session.text("refresh_token") + R"("})");
  }
  AuthReply change_password(const std::string& name, const std::string& password,
                            const std::string& new_password) {
    return node().post("/auth/password", R"({"name":")" + name + R"(","password":")" + password +
                                             R"(","new_password":")" + new_password + R"("})");
  }
  DocumentStore& documents() { return node().broker->documents(); }
  Document document(const std::string& collection, const std::string& id) {
    std::optional<Document> found;
    documents().get(collection, id, [&](const auto& document) { found = *document; });
    EXPECT_TRUE(node().run_until([&] { return found.has_value(); }));
    return *found;
  }
  void store(const std::string& collection, const std::string& id, std::uint64_t version,
             const std::string& value) {
    bool is_stored = false;
    documents().put(collection, id, version, value,
                    [&](const auto& put) { is_stored = put.has_value() && put->is_stored; });
    EXPECT_TRUE(node().run_until([&] { return is_stored; }));
  }
  // As if nobody had used the session for too long.
  void expire(const std::string& collection, const AuthReply& session) {
    const std::string id = session.text("refresh_token").substr(0, 16);
    const Document before = document(collection, id);
    const std::string member = "\"until\":";
    const std::size_t begin = before.value.find(member) + member.size();
    const std::size_t end = before.value.find_first_not_of("0123456789", begin);
    store(collection, id, before.version,
          before.value.substr(0, begin) + "1000" + before.value.substr(end));
  }
  void ban(const std::string& user, std::int64_t until_s) {
    bool is_done = false;
    node().server.revocations()->ban_user(user, {until_s, "spam"}, [&](const auto& banned) {
      EXPECT_TRUE(banned.has_value());
      is_done = true;
    });
    EXPECT_TRUE(node().run_until([&] { return is_done; }));
  }
  void pardon(const std::string& user) {
    bool is_done = false;
    node().server.revocations()->pardon_user(user, [&](const auto& pardoned) {
      EXPECT_TRUE(pardoned.has_value());
      is_done = true;
    });
    EXPECT_TRUE(node().run_until([&] { return is_done; }));
  }

 private:
  TempDirectory directory_;
  std::unique_ptr<RedisServer> redis_;

 protected:
  std::unique_ptr<Loop> loop_;

 private:
  std::unique_ptr<AuthNode> node_;
};

}  // namespace chirm::testing
