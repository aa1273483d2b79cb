// SPDX-License-Identifier: MIT
// Accounts of a cluster: two nodes share a Redis.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/broker/redis/redis_broker.h"
#include "tests/support/auth_node.h"
#include "tests/support/redis_server.h"

namespace chirm {
namespace {

using testing::AuthNode;
using testing::AuthReply;
using testing::kPassword;
using testing::kTokenRefused;
using testing::RawClient;
using ::testing::StartsWith;

class AuthCluster : public ::testing::Test {
 protected:
  std::unique_ptr<AuthNode> make_node(const std::string& name) {
    auto node = std::make_unique<AuthNode>(
        loop_, std::make_unique<RedisBroker>(loop_, *parse_redis_url(redis_.unix_url()),
                                             BrokerSettings{.hold_ms = testing::kDeadlineMs},
                                             RedisIdentity{.node_name = name}));
    EXPECT_TRUE(node->run_until_ready());
    return node;
  }

  testing::RedisServer redis_;
  Loop loop_;
  std::unique_ptr<AuthNode> a_ = make_node("a");
  std::unique_ptr<AuthNode> b_ = make_node("b");
  std::unique_ptr<AuthNode> c_;
};

TEST_F(AuthCluster, GivesANameToOneOfTwoWhoWantItAtOnce) {
  for (int i = 0; i < 10; ++i) {
    const std::string name = "ada" + std::to_string(i);
    RawClient& one = a_->send("/auth/register", AuthNode::credentials("A" + name, kPassword));
    RawClient& two =
        b_->send("/auth/register", AuthNode::credentials("a" + name, "battery staple"));
    const AuthReply first = a_->reply(one);
    const AuthReply second = b_->reply(two);
    EXPECT_EQ(first.status + second.status, 201 + 409) << first.body << second.body;
    const bool is_first = first.status == 201;
    // Who has it is who can log in, anywhere.
    EXPECT_EQ(b_->post("/auth/login", AuthNode::credentials("a" + name, kPassword)).status,
              is_first ? 200 : 401);
    EXPECT_EQ(a_->post("/auth/login", AuthNode::credentials("a" + name, "battery staple")).status,
              is_first ? 401 : 200);
  }
}

TEST_F(AuthCluster, TakesATokenOfAnyNodeOnAll) {
  const AuthReply ada = a_->sign_up("ada");
  EXPECT_THAT(b_->connected(ada.text("token")), StartsWith("1 connect "));
  const AuthReply next =
      b_->post("/auth/refresh", AuthNode::with_refresh(ada.text("refresh_token")));
  EXPECT_EQ(next.status, 200);
  EXPECT_THAT(a_->connected(next.text("token")), StartsWith("1 connect "));
}

TEST_F(AuthCluster, EndsASessionOnAllNodesAtOnce) {
  const AuthReply ada = a_->sign_up("ada");
  const AuthReply other = b_->sign_up("bob");
  RawClient& client = b_->connect(ada.text("token"));
  RawClient& bystander = b_->connect(other.text("token"));
  EXPECT_EQ(a_->post("/auth/logout", AuthNode::with_refresh(ada.text("refresh_token"))).status,
            200);
  EXPECT_TRUE(b_->run_until_closed(client));
  EXPECT_EQ(client.events.lines.back(), kTokenRefused);
  EXPECT_EQ(b_->connected(ada.text("token")), kTokenRefused);
  EXPECT_EQ(bystander.events.close_code, 0);
  // … and for a node that comes later.
  c_ = make_node("c");
  EXPECT_EQ(c_->connected(ada.text("token")), kTokenRefused);
  EXPECT_THAT(c_->connected(other.text("token")), StartsWith("1 connect "));
}

TEST_F(AuthCluster, GivesOneNextTokenWhenTwoNodesAreAskedAtOnce) {
  AuthReply session = a_->sign_up("ada");
  for (int i = 0; i < 10; ++i) {
    const std::string body = AuthNode::with_refresh(session.text("refresh_token"));
    RawClient& one = a_->send("/auth/refresh", body);
    RawClient& two = b_->send("/auth/refresh", body);
    session = a_->reply(one);
    const AuthReply same = b_->reply(two);
    EXPECT_EQ(session.status, 200);
    EXPECT_EQ(same.status, 200);
    EXPECT_EQ(session.text("refresh_token"), same.text("refresh_token"));
  }
}

// The one that stays has the old key, the one that is started again finds none.
TEST_F(AuthCluster, HasOneKeyAfterRedisHasLostAll) {
  (void)redis_.command({"FLUSHALL"});
  b_.reset();
  b_ = make_node("b");
  const std::string of_b = b_->post("/auth/guest", "{}").text("token");
  EXPECT_TRUE(a_->run_until([&] { return a_->server.accounts()->verify(of_b).has_value(); }));
  const std::string of_a = a_->post("/auth/guest", "{}").text("token");
  EXPECT_TRUE(b_->server.accounts()->verify(of_a).has_value());
}

TEST_F(AuthCluster, PutsItsKeyBackWhenRedisComesBackEmpty) {
  const std::string before = a_->post("/auth/guest", "{}").text("token");
  redis_.kill();
  redis_.lose_data();
  redis_.start();
  const auto key_is_there = [&] {
    return redis_.command({"EVAL", "return #redis.call('KEYS', '*')", "0"}) != "0" &&
           redis_.command({"EVAL",
                           "for _, key in ipairs(redis.call('KEYS', '*')) do "
                           "if redis.call('TYPE', key).ok == 'hash' and "
                           "redis.call('HEXISTS', key, 'session') == 1 then return 1 end end "
                           "return 0",
                           "0"}) == "1";
  };
  EXPECT_TRUE(a_->run_until(key_is_there));
  c_ = make_node("c");
  EXPECT_TRUE(c_->server.accounts()->verify(before).has_value());
  EXPECT_TRUE(a_->server.accounts()->verify(before).has_value());
}

// What is revoked while a node hears nothing counts there as soon as it hears again.
TEST_F(AuthCluster, LearnsWhatWasRevokedWhileALinkWasDown) {
  const AuthReply ada = a_->sign_up("ada");
  RawClient& client = b_->connect(ada.text("token"));
  // Nothing is told to b while Pub/Sub is cut, and all nodes' links are.
  (void)redis_.command({"CLIENT", "KILL", "TYPE", "pubsub"});
  EXPECT_EQ(a_->post("/auth/logout", AuthNode::with_refresh(ada.text("refresh_token"))).status,
            200);
  EXPECT_TRUE(b_->run_until_closed(client));
  EXPECT_EQ(b_->connected(ada.text("token")), kTokenRefused);
}

}  // namespace
}  // namespace chirm
