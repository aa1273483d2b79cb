// SPDX-License-Identifier: MIT
// Where a client's tokens come from and when they are asked for.
#include <gmock/gmock.h>

#include "tests/client/client_fixture.h"

namespace chirm::client {
namespace {

using chirm::testing::Peer;
using ::testing::HasSubstr;

class ClientTokenTest : public ClientTest {
 protected:
  ClientTokenTest() {
    options_.has_token_source = true;
    // Gives t1, t2, … as they are asked for.
    events_.on_line = [this](const std::string& line) {
      if (line == "token wanted") answer_wish();
    };
    answer_wish = [this] { client_->set_token("t" + std::to_string(++given_)); };
  }
  void refuse_connects(const ErrorCode& error, std::size_t count) {
    server_.on_command = [error, count, this](Peer& peer, const Command& command) {
      if (!std::holds_alternative<ConnectCommand>(command.method)) return false;
      if (server_.peers.size() > count) return false;
      std::string reply;
      append_error_reply(reply, command.id, error);
      peer.send(reply);
      return true;
    };
  }
  static std::string connect_with(const std::string& token) {
    return "{\"connect\":{\"token\":\"" + token + "\"";
  }

  std::function<void()> answer_wish;
  int given_ = 0;
};

TEST_F(ClientTokenTest, AsksBeforeConnecting) {
  answer_wish = [] {};
  start();
  EXPECT_TRUE(events_.has("token wanted"));
  EXPECT_TRUE(server_.peers.empty());
  client_->set_token("mine");
  ASSERT_TRUE(run_until_line("connected c1 test"));
  EXPECT_THAT(server_.log[0], HasSubstr(connect_with("mine")));
  server_.last().drop();
  ASSERT_TRUE(run([&] { return server_.log.size() > 1; }));
  EXPECT_THAT(server_.log[1], HasSubstr(connect_with("mine")));
  EXPECT_EQ(events_.count("token wanted"), 1);
}

TEST_F(ClientTokenTest, ComesBackWithAnotherTokenWhenTheFirstHasExpired) {
  refuse_connects(errors::kTokenExpired, 1);
  start();
  ASSERT_TRUE(run_until_line("connected c1 test"));
  EXPECT_TRUE(events_.has("disconnected 109 token expired"));
  EXPECT_THAT(server_.log.back(), HasSubstr(connect_with("t2")));
}

TEST_F(ClientTokenTest, ComesBackWithAnotherTokenWhenTheConnectionHasExpired) {
  start();
  ASSERT_TRUE(run_until_line("connected c1 test"));
  server_.last().close(3005, "connection expired");
  ASSERT_TRUE(run([&] { return server_.log.size() > 1; }));
  EXPECT_THAT(server_.log.back(), HasSubstr(connect_with("t2")));
}

TEST_F(ClientTokenTest, StaysAwayWhenItsTokenIsRefused) {
  start();
  ASSERT_TRUE(run_until_line("connected c1 test"));
  server_.last().close(3500, "invalid token");
  ASSERT_TRUE(run_until_line("disconnected 3500 invalid token, for good"));
  EXPECT_EQ(given_, 1);
}

TEST_F(ClientTokenTest, SendsANewTokenBeforeTheOldOneExpires) {
  server_.connect_result.expires_in_s = 1;
  start();
  ASSERT_TRUE(pass_until([&] { return server_.log.size() > 2; }));
  EXPECT_THAT(server_.log[1], HasSubstr("{\"refresh\":{\"token\":\"t2\"}"));
  EXPECT_THAT(server_.log[2], HasSubstr("{\"refresh\":{\"token\":\"t3\"}"));
  EXPECT_EQ(server_.peers.size(), 1);
}

TEST_F(ClientTokenTest, EndsWhenTheNewTokenIsRefused) {
  server_.connect_result.expires_in_s = 1;
  server_.on_command = [](Peer& peer, const Command& command) {
    if (!std::holds_alternative<RefreshCommand>(command.method)) return false;
    std::string reply;
    append_error_reply(reply, command.id, errors::kBadRequest);
    peer.send(reply);
    return true;
  };
  start();
  ASSERT_TRUE(pass_until([&] { return events_.has("disconnected 107 bad request, for good"); }));
}

TEST_F(ClientTokenTest, AsksAgainAfterATemporaryFailure) {
  answer_wish = [this] {
    if (++given_ == 1) return client_->fail_token({503, "busy", true});
    client_->set_token("t");
  };
  start();
  EXPECT_TRUE(events_.has("disconnected 503 busy"));
  ASSERT_TRUE(run_until_line("connected c1 test"));
}

TEST_F(ClientTokenTest, StaysAwayWhenThereIsNoToken) {
  answer_wish = [this] { client_->fail_token({401, "signed out", false}); };
  start();
  EXPECT_TRUE(events_.has("disconnected 401 signed out, for good"));
  EXPECT_TRUE(server_.peers.empty());
}

TEST_F(ClientTokenTest, WithoutASourceAnExpiredTokenIsTheEnd) {
  options_.has_token_source = false;
  options_.token = "old";
  refuse_connects(errors::kTokenExpired, 1);
  start();
  ASSERT_TRUE(run_until_line("disconnected 109 token expired, for good"));
}

}  // namespace
}  // namespace chirm::client
