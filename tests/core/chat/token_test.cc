// SPDX-License-Identifier: MIT
// Connections with tokens: who comes in, for how long, and which channels are theirs.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/loop/loop.h"
#include "protocol/jwt.h"
#include "tests/support/chat_node.h"

namespace chirm {
namespace {

using ::testing::AllOf;
using testing::ChatNode;
using ::testing::ElementsAre;
using testing::FakeClient;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::StartsWith;

constexpr const char* kSecret = "a secret of the operator";

class TokenTest : public ::testing::Test {
 protected:
  static ChatSettings closed_settings() {
    ChatSettings settings;
    settings.tokens.hmac_secret = kSecret;
    settings.ping_s = 0;
    settings.expiry_grace_s = 0;
    return settings;
  }
  std::int64_t now_s() const { return node.loop.unix_ms() / 1000; }
  static std::string token(const std::string& claims) {
    return sign_token_hs256('{' + claims + '}', kSecret);
  }
  static std::string token_of(const std::string& user) { return token(R"("sub":")" + user + '"'); }
  static std::string expiring_token(const std::string& user, std::int64_t at_s) {
    return token(R"("sub":")" + user + R"(","exp":)" + std::to_string(at_s));
  }
  std::vector<std::string> connect(const std::string& with) {
    FakeClient& client = node.add_client();
    client.connect_with(with);
    node.settle();
    return client.take();
  }
  FakeClient& add_client(const std::string& with) {
    FakeClient& client = node.add_client();
    client.connect_with(with);
    node.settle();
    EXPECT_THAT(client.take(), ElementsAre(StartsWith("1 connect ")));
    return client;
  }
  std::vector<std::string> refresh(FakeClient& client, const std::string& with) {
    client.send(R"({"id":9,"refresh":{"token":")" + with + R"("}})");
    node.settle();
    return client.take();
  }

  ChatNode node{closed_settings()};
};

TEST_F(TokenTest, LetsInTheUserThatTheTokenNames) {
  FakeClient& client = add_client(token(R"("sub":"ada","info":{"n": 1})"));
  EXPECT_EQ(client.session->user(), "ada");
  EXPECT_EQ(client.session->info(), R"({"n": 1})");
}

TEST_F(TokenTest, TellsWhenTheConnectionExpires) {
  EXPECT_THAT(connect(token_of("ada")), ElementsAre(Not(HasSubstr("expires"))));
  const auto lines = connect(expiring_token("ada", now_s() + 600));
  ASSERT_EQ(lines.size(), 1U);
  EXPECT_TRUE(lines[0].find(R"("expires":true,"ttl":600)") != std::string::npos ||
              lines[0].find(R"("expires":true,"ttl":599)") != std::string::npos)
      << lines[0];
}

TEST_F(TokenTest, AnswersError109ToAnExpiredToken) {
  EXPECT_THAT(connect(expiring_token("ada", now_s() - 1)), ElementsAre("1 error 109"));
  EXPECT_THAT(connect(token(R"("sub":"ada","nbf":)" + std::to_string(now_s() + 60))),
              ElementsAre("1 error 109"));
}

TEST_F(TokenTest, AnswersError110WhenTheConnectionWouldBeOverAlready) {
  EXPECT_THAT(connect(token(R"("sub":"ada","expire_at":)" + std::to_string(now_s() - 1))),
              ElementsAre("1 error 110"));
}

TEST_F(TokenTest, ClosesWith3500ABadToken) {
  const std::string good = token_of("ada");
  for (const std::string& bad :
       {std::string("x"), good + "x", good.substr(0, good.size() - 2),
        sign_token_hs256(R"({"sub":"ada"})", "another secret"),
        sign_token_hs256(R"({"sub":"ada"})", ""), token(R"("sub":"ada","channel":"room:a")"),
        token(R"("sub":42)"), token(R"("sub":"a\u0001b")"), token(R"("sub":"a\u0085b")"),
        token(R"("sub":"ada","channels":"room:a")"),
        token(R"("sub":")" + std::string(129, 'x') + '"')}) {
    EXPECT_THAT(connect(bad), ElementsAre("close 3500 invalid token")) << bad;
  }
}

TEST_F(TokenTest, ClosesWith3501WhoHasNoToken) {
  FakeClient& client = node.add_client();
  client.connect("ada");  // a name alone is for insecure mode
  node.settle();
  EXPECT_THAT(client.take(), ElementsAre("close 3501 bad request"));
}

TEST_F(TokenTest, ClosesWith3005WhenTheTokenHasExpired) {
  node.settings.expiry_grace_s = 60;
  const std::int64_t expiry_s = now_s() + 60;
  FakeClient& client = add_client(expiring_token("ada", expiry_s));
  EXPECT_TRUE(node.pass_until([&] { return client.events().close_code != 0; }, 1'000));
  EXPECT_GE(now_s(), expiry_s + 60);
  EXPECT_THAT(client.take(), ElementsAre("close 3005 connection expired"));
}

TEST_F(TokenTest, StaysWithARefreshedToken) {
  FakeClient& stays = add_client(expiring_token("ada", now_s() + 60));
  FakeClient& goes = add_client(expiring_token("bob", now_s() + 61));
  EXPECT_THAT(refresh(stays, expiring_token("ada", now_s() + 600)),
              ElementsAre(AllOf(StartsWith("9 refresh {"), HasSubstr(R"("expires":true,"ttl":)"))));
  EXPECT_TRUE(node.pass_until([&] { return goes.events().close_code == 3005; }, 1'000));
  EXPECT_EQ(stays.events().close_code, 0);
  // A token without an end makes the connection endless.
  EXPECT_THAT(refresh(stays, token_of("ada")), ElementsAre(Not(HasSubstr("expires"))));
}

TEST_F(TokenTest, ClosesWhoRefreshesWithABadToken) {
  const std::vector<std::pair<std::string, std::string>> kCases = {
      {expiring_token("ada", now_s() - 1), "close 3005 connection expired"},
      {token_of("bob"), "close 3500 invalid token"},
      {"nonsense", "close 3500 invalid token"},
      {"", "close 3501 bad request"},
  };
  for (const auto& [with, answer] : kCases) {
    FakeClient& client = add_client(expiring_token("ada", now_s() + 600));
    EXPECT_THAT(refresh(client, with), ElementsAre(answer));
  }
}

TEST_F(TokenTest, RefusesToRefreshInInsecureMode) {
  ChatNode open;
  FakeClient& client = open.add_client("ada");
  client.send(R"({"id":2,"refresh":{"token":")" + token_of("ada") + R"("}})");
  open.settle();
  EXPECT_THAT(client.take(), ElementsAre("close 3501 bad request"));
}

// Milliseconds or nanoseconds where seconds are meant.
TEST_F(TokenTest, TakesAnExpiryInTheFarFuture) {
  for (const char* at : {"1799999999999", "1799999999999999999", "9223372036854775807"}) {
    FakeClient& client = add_client(token(R"("sub":"ada","exp":)" + std::string(at)));
    for (const std::uint64_t ms : {300, 3'600'000}) node.pass_ms(ms);
    EXPECT_THAT(client.take(), IsEmpty()) << at;
  }
}

TEST_F(TokenTest, GivesAUserTheChannelsThatAreItsOwn) {
  FakeClient& client = add_client(token_of("ada"));
  const auto answer = [&](const std::string& channel) {
    client.send(R"({"id":5,"history":{"channel":")" + channel + R"("}})");
    node.settle();
    const auto lines = client.take();
    return lines.size() == 1 ? lines[0].substr(0, 11) : "";
  };
  const std::string kOpen = "5 history {";
  EXPECT_EQ(answer("room:a"), kOpen);
  EXPECT_EQ(answer("room:a:b"), kOpen);
  EXPECT_EQ(answer("user:#ada"), kOpen);
  EXPECT_EQ(answer("dm:#ada,bob"), kOpen);
  EXPECT_EQ(answer("user:#bob"), "5 error 103");
  EXPECT_EQ(answer("user:ada"), "5 error 107");
  EXPECT_EQ(answer("user:#ada,bob"), "5 error 103");
  EXPECT_EQ(answer("dm:#bob,eve"), "5 error 103");
  EXPECT_EQ(answer("dm:#bob,ada"), "5 error 107");
  EXPECT_EQ(answer("dm:#ada,ada"), "5 error 107");
  EXPECT_EQ(answer("dm:#ada"), "5 error 107");
  EXPECT_EQ(answer("dm:ada,bob"), "5 error 107");
  EXPECT_EQ(answer("dm:#ada,bob,eve"), "5 error 107");
  EXPECT_EQ(answer("dm:#ada,b#ob"), "5 error 107");
  EXPECT_EQ(answer("dm:#a#da,bob"), "5 error 107");
  EXPECT_EQ(answer("dm:#eve#ada,bob"), "5 error 107");
  EXPECT_EQ(answer("room:"), "5 error 107");
  EXPECT_EQ(answer("room:#ada"), "5 error 107");
  EXPECT_EQ(answer("roomy:a"), "5 error 102");
  EXPECT_EQ(answer("room"), "5 error 102");
  EXPECT_EQ(answer("$room:a"), "5 error 102");
}

TEST_F(TokenTest, GivesTheAnonymousUserRoomsOnly) {
  FakeClient& client = add_client(token(R"("exp":)" + std::to_string(now_s() + 60)));
  client.subscribe("room:a");
  for (const char* channel : {"user:#", "dm:#,a", "dm:#a,"}) {
    client.subscribe(channel);
    client.publish(channel, "1");
  }
  node.settle();
  for (const std::string& line : client.take()) {
    EXPECT_TRUE(line.starts_with("2 subscribe ") || line.ends_with(" error 103") ||
                line.ends_with(" error 107"))
        << line;
  }
}

TEST_F(TokenTest, ChecksTheChannelOfEveryCommand) {
  FakeClient& client = add_client(token_of("ada"));
  for (const char* command : {"subscribe", "publish", "history", "presence", "presence_stats"}) {
    client.send(R"({"id":5,")" + std::string(command) +
                R"(":{"channel":"user:#bob","data":1,"limit":1}})");
  }
  node.settle();
  EXPECT_THAT(client.take(), ElementsAre("5 error 103", "5 error 103", "5 error 103", "5 error 103",
                                         "5 error 103"));
}

TEST(InsecureMode, OpensEveryChannelToEverybody) {
  ChatNode node;
  FakeClient& client = node.add_client("ada");
  for (const char* channel : {"room:a", "user:#bob", "dm:#bob,eve", "whatever"}) {
    client.subscribe(channel);
  }
  node.settle();
  EXPECT_EQ(client.events().count("2 subscribe") + client.events().count("3 subscribe") +
                client.events().count("4 subscribe") + client.events().count("5 subscribe"),
            4U);
}

}  // namespace
}  // namespace chirm
