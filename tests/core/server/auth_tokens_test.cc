// SPDX-License-Identifier: MIT
// Tokens that connect: this server's own, and those of the operator's other systems.
#include <gmock/gmock.h>

#include "core/accounts/secrets.h"
#include "tests/core/server/auth_node_fixture.h"

namespace chirm {
namespace {

using ::testing::AllOf;
using testing::AuthNode;
using testing::AuthNodeTest;
using testing::AuthReply;
using ::testing::HasSubstr;
using testing::kTokenRefused;
using testing::RawClient;
using ::testing::StartsWith;

class OwnTokens : public AuthNodeTest {};

// The claims of a token, changed, with the signature it had.
std::string with_claims(const std::string& token, const std::string& claims) {
  const std::string other = sign_token_hs256(claims, "x");
  const std::string middle = other.substr(0, other.rfind('.'));
  return middle + token.substr(token.rfind('.'));
}

TEST_F(OwnTokens, AreWhatWasSignedHereOnly) {
  const AuthReply ada = node().sign_up("ada");
  const std::string exp = std::to_string(node().loop.unix_ms() / 1000 + 600);
  const std::string claims = R"({"iss":"chirm","sub":"ada","sid":"0000000000000001",)"
                             R"("name":"ada","role":"admin","exp":)" +
                             exp + "}";
  const std::string token = ada.text("token");
  EXPECT_EQ(node().connected(with_claims(token, claims)), kTokenRefused);
  EXPECT_EQ(node().connected(sign_token_hs256(claims, "another key")), kTokenRefused);
  EXPECT_EQ(node().connected(sign_token_hs256(claims, "")), kTokenRefused);
  EXPECT_EQ(node().connected(ada.text("refresh_token")), kTokenRefused);
  EXPECT_EQ(node().connected(""), "close 3501 bad request");
  // {"alg":"none"}
  EXPECT_EQ(node().connected("eyJhbGciOiJub25lIn0" + token.substr(token.find('.'))), kTokenRefused);
  EXPECT_THAT(node().connected(token), StartsWith("1 connect "));
}

TEST_F(OwnTokens, AreRefusedWhenTheyHaveExpired) {
  AccountSettings settings = AuthNode::account_settings();
  settings.token_s = 60;
  start(settings);
  const AuthReply ada = node().sign_up("ada");
  EXPECT_THAT(node().connected(ada.text("token")), StartsWith("1 connect "));
  testing::pass_ms(node().loop, 61'000);
  EXPECT_EQ(node().connected(ada.text("token")), "1 error 109");
  const AuthReply next =
      node().post("/auth/refresh", AuthNode::with_refresh(ada.text("refresh_token")));
  EXPECT_THAT(node().connected(next.text("token")), StartsWith("1 connect "));
}

TEST_F(OwnTokens, RefreshAConnectionOfTheSameUser) {
  const AuthReply ada = node().sign_up("ada");
  const AuthReply bob = node().sign_up("bob");
  RawClient& client = node().connect(ada.text("token"));
  const AuthReply next =
      node().post("/auth/refresh", AuthNode::with_refresh(ada.text("refresh_token")));
  client.send(R"({"id":2,"refresh":{"token":")" + next.text("token") + R"("}})");
  EXPECT_TRUE(node().run_until([&] { return client.events.has("2 refresh "); }));
  client.send(R"({"id":3,"refresh":{"token":")" + bob.text("token") + R"("}})");
  EXPECT_TRUE(node().run_until_closed(client));
  EXPECT_EQ(client.events.lines.back(), kTokenRefused);
}

class OutsideTokens : public AuthNodeTest {
 protected:
  void start_with(AccountSettings accounts) {
    ChatSettings chat = AuthNode::chat_settings();
    chat.tokens.hmac_secret = "shared";
    start(accounts, chat);
  }
  std::string connected(const std::string& claims) {
    return node().connected(sign_token_hs256(claims, "shared"));
  }
};

TEST_F(OutsideTokens, AreTakenBesideAccounts) {
  start_with(AuthNode::account_settings());
  EXPECT_THAT(connected(R"({"sub":"eve"})"),
              AllOf(StartsWith("1 connect "), HasSubstr("user:#eve")));
  EXPECT_THAT(connected(R"({"sub":"eve","role":"admin"})"), StartsWith("1 connect "));
  // Signed by it, a token is its own, whatever it says.
  EXPECT_THAT(connected(R"({"sub":"eve","iss":"chirm"})"), StartsWith("1 connect "));
  for (const char* user : {"~ada-x7k2m9", "a,b", "a#b", "~"}) {
    EXPECT_EQ(connected(R"({"sub":")" + std::string(user) + "\"}"), kTokenRefused) << user;
  }
  const AuthReply ada = node().sign_up("ada");
  EXPECT_THAT(node().connected(ada.text("token")), StartsWith("1 connect "));
}

TEST_F(OutsideTokens, AreNotTakenForSomebodyWhoLooksLikeAnAccount) {
  start_with(AuthNode::account_settings());
  EXPECT_EQ(connected(R"({"sub":"Eve"})"), kTokenRefused);
  AccountSettings closed = AuthNode::account_settings();
  closed.has_registration = false;
  closed.admins = {"root"};
  start_with(closed);
  EXPECT_THAT(connected(R"({"sub":"Eve"})"), HasSubstr("user:#Eve"));
  EXPECT_EQ(connected(R"({"sub":"Root"})"), kTokenRefused);
}

// There are no accounts, and still those who come can be kept out.
TEST_F(OutsideTokens, AreBannedWithoutAccounts) {
  AccountSettings accounts = AuthNode::account_settings();
  accounts.is_on = false;
  start_with(accounts);
  EXPECT_EQ(node().server.accounts(), nullptr);
  const std::string token = sign_token_hs256(R"({"sub":"Eve"})", "shared");
  RawClient& eve = node().connect(token);
  RawClient& root = node().connect(sign_token_hs256(R"({"sub":"r","role":"admin"})", "shared"));
  const auto call = [&](int id, const std::string& method, const std::string& data) {
    const std::string start = std::to_string(id) + ' ';
    root.send(R"({"id":)" + std::to_string(id) + R"(,"rpc":{"method":")" + method + R"(","data":)" +
              data + "}}");
    EXPECT_TRUE(node().run_until([&] { return root.events.lines.back().starts_with(start); }));
    return root.events.lines.back();
  };
  EXPECT_EQ(call(2, "admin.ban", R"({"user":"eve"})"), "2 error 404");  // who is not here
  EXPECT_EQ(call(3, "admin.ban", R"({"user":"Eve","reason":"spam"})"), R"(3 rpc {"data":{}})");
  EXPECT_TRUE(node().run_until_closed(eve));
  EXPECT_EQ(node().connected(token), kTokenRefused);
  EXPECT_THAT(call(4, "admin.user", R"({"user":"Eve"})"), HasSubstr(R"("reason":"spam")"));
  EXPECT_EQ(call(5, "admin.unban", R"({"user":"Eve"})"), R"(5 rpc {"data":{}})");
  EXPECT_THAT(node().connected(token), StartsWith("1 connect "));
}

TEST_F(OutsideTokens, HaveNamesThatNobodyCanRegister) {
  start_with(AuthNode::account_settings());
  EXPECT_THAT(connected(R"({"sub":"eve"})"), StartsWith("1 connect "));
  bool is_known = false;
  EXPECT_TRUE(node().run_until([&] {
    node().broker->documents().get("person", "eve", [&](const auto& person) {
      is_known = person.has_value() && person->version != 0;
    });
    return is_known;
  }));
  const AuthReply reply = node().sign_up("Eve");
  EXPECT_EQ(reply.status, 409);
  EXPECT_EQ(reply.error(), "name_taken");
  EXPECT_EQ(accounts_there(), 0U);
}

}  // namespace
}  // namespace chirm
