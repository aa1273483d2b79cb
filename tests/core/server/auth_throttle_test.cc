// SPDX-License-Identifier: MIT
// Limits of /auth/: by address, name and session, and of passwords that wait.
#include "tests/core/server/auth_node_fixture.h"

namespace chirm {
namespace {

using testing::AuthNode;
using testing::AuthNodeTest;
using testing::AuthReply;
using testing::kPassword;
using testing::RawClient;

class AuthThrottle : public AuthNodeTest {};

TEST_F(AuthThrottle, IsByNameAndWhereItComesFrom) {
  AccountSettings settings = AuthNode::account_settings();
  settings.per_name_there = {.burst = 3, .interval_ms = 600'000};
  start(settings);
  EXPECT_EQ(node().sign_up("ada").status, 201);
  const auto log_in = [this](const std::string& name, const std::string& password,
                             const std::string& address) {
    return node().post("/auth/login", AuthNode::credentials(name, password),
                       "X-Forwarded-For: " + address + "\r\n");
  };
  // Right ones do not count.
  for (int i = 0; i < 5; ++i) EXPECT_EQ(log_in("ada", kPassword, "192.0.2.1").status, 200);
  for (int i = 0; i < 3; ++i) EXPECT_EQ(log_in("Ada", "wrong", "192.0.2.1").status, 401);
  const AuthReply refused = log_in("ada", kPassword, "192.0.2.1");
  EXPECT_EQ(refused.status, 429);
  EXPECT_EQ(refused.error(), "too_many_requests");
  EXPECT_GE(std::stoi(refused.header("Retry-After")), 500);
  EXPECT_EQ(log_in("bob", kPassword, "192.0.2.1").status, 401);
  // Its owner gets in from elsewhere.
  EXPECT_EQ(log_in("ada", kPassword, "192.0.2.2").status, 200);
}

TEST_F(AuthThrottle, IsByNameAlone) {
  AccountSettings settings = AuthNode::account_settings();
  settings.per_name = {.burst = 3, .interval_ms = 600'000};
  start(settings);
  EXPECT_EQ(node().sign_up("ada").status, 201);
  for (int i = 0; i < 3; ++i) {
    const std::string from = "X-Forwarded-For: 192.0.2." + std::to_string(i) + "\r\n";
    EXPECT_EQ(node().post("/auth/login", AuthNode::credentials("Ada", "wrong"), from).status, 401);
  }
  EXPECT_EQ(node().post("/auth/login", AuthNode::credentials("ada", kPassword)).status, 429);
}

TEST_F(AuthThrottle, IsBySession) {
  AccountSettings settings = AuthNode::account_settings();
  settings.per_session = {.burst = 2, .interval_ms = 600'000};
  start(settings);
  AuthReply ada = node().sign_up("ada");
  const AuthReply bob = node().sign_up("bob");
  const auto post = [this](const std::string& path, const AuthReply& session) {
    return node().post(path, AuthNode::with_refresh(session.text("refresh_token")));
  };
  for (int i = 0; i < 2; ++i) ada = post("/auth/refresh", ada);
  EXPECT_EQ(ada.status, 200);
  EXPECT_EQ(post("/auth/refresh", ada).status, 429);
  EXPECT_EQ(post("/auth/logout", ada).status, 429);
  EXPECT_EQ(post("/auth/refresh", bob).status, 200);
}

TEST_F(AuthThrottle, IsByAddress) {
  AccountSettings settings = AuthNode::account_settings();
  settings.per_address = {.burst = 2, .interval_ms = 600'000};
  settings.new_per_address = {.burst = 2, .interval_ms = 600'000};
  start(settings);
  const auto log_in = [this](const std::string& name, const std::string& address) {
    return node()
        .post("/auth/login", AuthNode::credentials(name, kPassword),
              "X-Forwarded-For: " + address + "\r\n")
        .status;
  };
  EXPECT_EQ(log_in("ada", "192.0.2.1"), 401);
  EXPECT_EQ(log_in("bob", "192.0.2.1"), 401);
  EXPECT_EQ(log_in("eve", "192.0.2.1"), 429);
  EXPECT_EQ(log_in("eve", "192.0.2.2"), 401);
  EXPECT_EQ(log_in("ada", "2001:db8:0:1::1"), 401);
  EXPECT_EQ(log_in("bob", "2001:db8:0:1::2"), 401);
  EXPECT_EQ(log_in("eve", "2001:db8:0:1:ffff::3"), 429);  // the same network
  EXPECT_EQ(node().post("/auth/guest", "{}").status, 200);
  EXPECT_EQ(node().sign_up("zoe").status, 201);
  EXPECT_EQ(node().post("/auth/guest", "{}").status, 429);
  EXPECT_EQ(node().sign_up("yves").status, 429);
  EXPECT_EQ(accounts_there(), 1U);
}

TEST_F(AuthThrottle, WaitsInAQueueThatIsBounded) {
  AccountSettings settings = AuthNode::account_settings();
  settings.cost = {.passes = 3, .bytes = 32 * 1024 * 1024};
  settings.hash_queue_max = 2;
  start(settings);
  std::vector<RawClient*> clients;
  for (int i = 0; i < 8; ++i) {
    clients.push_back(
        &node().send("/auth/login", AuthNode::credentials("user" + std::to_string(i), kPassword)));
  }
  int busy = 0;
  for (RawClient* client : clients) {
    const AuthReply reply = node().reply(*client);
    if (reply.status != 503) {
      EXPECT_EQ(reply.status, 401);
      continue;
    }
    ++busy;
    EXPECT_EQ(reply.error(), "busy");
    EXPECT_GE(std::stoi(reply.header("Retry-After")), 1);
  }
  EXPECT_GE(busy, 1);
  EXPECT_LT(busy, 8);
}

TEST_F(AuthThrottle, IsLeftToTheOperator) {
  AccountSettings settings = AuthNode::account_settings();
  settings.per_address = settings.per_name = settings.per_name_there =
      settings.new_per_address = {.burst = 1, .interval_ms = 600'000};
  settings.is_throttled = false;
  start(settings);
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(node().post("/auth/guest", "{}").status, 200);
    EXPECT_EQ(node().post("/auth/login", AuthNode::credentials("ada", kPassword)).status, 401);
  }
}

}  // namespace
}  // namespace chirm
