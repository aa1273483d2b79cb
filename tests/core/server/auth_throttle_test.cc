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

std::string device_cookie(const AuthReply& reply) {
  const std::size_t begin = reply.head.find("chirm_device=");
  if (begin == reply.head.npos) return {};
  return reply.head.substr(begin, reply.head.find(';', begin) - begin);
}

// A hundred wrong passwords from ten addresses, one of which is its owner's own.
class AuthDevice : public AuthThrottle {
 protected:
  void start_and_lock_ada_out() {
    AccountSettings settings = AuthNode::account_settings();
    settings.per_name = {.burst = 100, .interval_ms = 600'000};
    settings.per_device = {.burst = 10, .interval_ms = 600'000};
    settings.per_name_on_devices = {.burst = 15, .interval_ms = 600'000};
    start(settings);
    ada_ = node().post("/auth/register",
                       R"({"name":"Ada","password":")" + kPassword + R"(","cookie":true})");
    ASSERT_EQ(ada_.status, 201);
    other_ = log_in(kPassword, "192.0.2.200", {}, true);
    for (int i = 0; i < 100; ++i) {
      ASSERT_EQ(log_in("wrong", "192.0.2." + std::to_string(i % 10)).status, 401);
    }
    ASSERT_EQ(log_in(kPassword, "192.0.2.77").status, 429);
  }
  AuthReply log_in(const std::string& password, const std::string& address,
                   const std::string& cookie = {}, bool wants_cookie = false,
                   const std::string& name = "ada") {
    return node().post("/auth/login",
                       R"({"name":")" + name + R"(","password":")" + password + R"(","cookie":)" +
                           (wants_cookie ? "true}" : "false}"),
                       "X-Forwarded-For: " + address + "\r\n" +
                           (cookie.empty() ? "" : "Cookie: a=b; " + cookie + "\r\n"));
  }

  AuthReply ada_;
  AuthReply other_;  // her other device
};

TEST_F(AuthDevice, LetsItsOwnerInWhoeverGuesses) {
  start_and_lock_ada_out();
  const std::string cookie = device_cookie(ada_);
  EXPECT_NE(cookie, "");
  EXPECT_NE(ada_.head.find(cookie + "; Path=/auth; HttpOnly; SameSite=Strict; Max-Age="),
            std::string::npos);
  EXPECT_EQ(log_in(kPassword, "192.0.2.5", cookie).status, 200);
  EXPECT_EQ(log_in(kPassword, "192.0.2.5", device_cookie(other_)).status, 200);
  // A refresh token proves it as well, also one that has been used up.
  const AuthReply terminal = log_in(kPassword, "192.0.2.6", cookie);
  const std::string token = terminal.text("refresh_token");
  EXPECT_EQ(node().post("/auth/refresh", AuthNode::with_refresh(token)).status, 200);
  EXPECT_EQ(node()
                .post("/auth/login", R"({"name":"ada","password":")" + kPassword +
                                         R"(","refresh_token":")" + token + R"("})")
                .status,
            200);
}

TEST_F(AuthDevice, IsNothingThatAStrangerCanMakeOrUse) {
  start_and_lock_ada_out();
  const std::string eves = device_cookie(node().post(
      "/auth/register", R"({"name":"eve","password":")" + kPassword + R"(","cookie":true})"));
  ASSERT_NE(eves, "");
  EXPECT_EQ(log_in(kPassword, "192.0.2.7", eves).status, 429);
  std::string forged = device_cookie(ada_);
  forged[forged.find('=') + 1] ^= 1;
  for (const std::string& cookie :
       {forged, eves.substr(0, eves.rfind('.')) + ".ada", std::string("chirm_device=x"),
        std::string("chirm_device=..."), std::string("chirm_device=")}) {
    EXPECT_EQ(log_in(kPassword, "192.0.2.7", cookie).status, 429) << cookie;
  }
  const std::string guest = node().post("/auth/guest", R"({"cookie":true})").head;
  EXPECT_EQ(guest.find("chirm_device"), std::string::npos);
  EXPECT_EQ(node()
                .post("/auth/login", R"({"name":"ada","password":")" + kPassword +
                                         R"(","refresh_token":"nonsense"})")
                .status,
            429);
}

TEST_F(AuthDevice, HasItsOwnLimitOfGuesses) {
  start_and_lock_ada_out();
  const std::string stolen = device_cookie(ada_);
  for (int i = 0; i < 10; ++i) EXPECT_EQ(log_in("guess", "192.0.2.8", stolen).status, 401) << i;
  EXPECT_EQ(log_in(kPassword, "192.0.2.8", stolen).status, 429);
  // Her other device goes on; all together have one as well.
  const std::string other = device_cookie(other_);
  EXPECT_EQ(log_in(kPassword, "192.0.2.9", other).status, 200);
  for (int i = 0; i < 5; ++i) EXPECT_EQ(log_in("guess", "192.0.2.9", other).status, 401) << i;
  EXPECT_EQ(log_in(kPassword, "192.0.2.9", other).status, 429);
}

TEST_F(AuthDevice, GetsItsCookieWhenASessionFromBeforeGoesOn) {
  start(AuthNode::account_settings());
  const AuthReply ada = node().post(
      "/auth/register", R"({"name":"Ada","password":")" + kPassword + R"(","cookie":true})");
  const std::string session = "Cookie: chirm_refresh=" + ada.cookie();
  const AuthReply without = node().post("/auth/refresh", "{}", session + "\r\n");
  EXPECT_EQ(without.status, 200);
  EXPECT_NE(device_cookie(without), "");
  const AuthReply with =
      node().post("/auth/refresh", "{}",
                  "Cookie: chirm_refresh=" + without.cookie() + "; " + device_cookie(ada) + "\r\n");
  EXPECT_EQ(with.status, 200);
  EXPECT_EQ(device_cookie(with), "");
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
