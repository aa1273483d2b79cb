// SPDX-License-Identifier: MIT
// Registering, logging in, refreshing, new passwords, on each store.
#include <spdlog/sinks/ostream_sink.h>
#include <spdlog/spdlog.h>

#include <sstream>

#include "tests/core/server/signing_in_fixture.h"

namespace chirm {
namespace {

using ::testing::AllOf;
using testing::AuthNode;
using testing::AuthReply;
using ::testing::HasSubstr;
using testing::kPassword;
using testing::kTokenRefused;
using ::testing::Not;
using testing::RawClient;
using testing::SigningIn;
using ::testing::StartsWith;

INSTANTIATE_TEST_SUITE_P(Stores, SigningIn, ::testing::Values("memory", "sqlite", "redis"),
                         [](const auto& test) { return std::string(test.param); });

// After a restart, where the store survives it.
class SigningInAgain : public SigningIn {};

INSTANTIATE_TEST_SUITE_P(Stores, SigningInAgain, ::testing::Values("sqlite", "redis"),
                         [](const auto& test) { return std::string(test.param); });

TEST_P(SigningIn, GivesANameOnceWhateverItsCase) {
  const AuthReply ada = node().sign_up("Ada");
  EXPECT_EQ(ada.status, 201);
  EXPECT_EQ(ada.text("user"), "ada");
  EXPECT_EQ(ada.text("name"), "Ada");
  EXPECT_EQ(ada.text("role"), "user");
  EXPECT_THAT(ada.body, HasSubstr(R"("expires_in":600,)"));
  for (const char* name : {"Ada", "ada", "ADA"}) {
    const AuthReply again = node().sign_up(name);
    EXPECT_EQ(again.status, 409) << name;
    EXPECT_EQ(again.error(), "name_taken");
  }
}

TEST_P(SigningIn, GivesNoNameThatLooksLikeOneThatIsThere) {
  EXPECT_EQ(node().sign_up("Paul").status, 201);
  for (const char* name : {"PauI", "Pau1", "paui"}) {
    const AuthReply reply = node().sign_up(name);
    const bool looks_alike = name != std::string("paui");
    EXPECT_EQ(reply.status, looks_alike ? 409 : 201) << name;
    if (!looks_alike) continue;
    EXPECT_THAT(reply.body, HasSubstr("looks like one that is taken")) << name;
  }
}

TEST_P(SigningIn, GivesNobodyANameOfTheServers) {
  for (const char* name : {"system", "Admin", "SYSTEM", "chirm", "server", "SuppoRt", "nuII"}) {
    const AuthReply account = node().sign_up(name);
    EXPECT_EQ(account.status, 403) << name;
    EXPECT_EQ(account.error(), "forbidden") << name;
    const AuthReply guest = node().post("/auth/guest", R"({"name":")" + std::string(name) + "\"}");
    EXPECT_THAT(guest.text("user"), StartsWith("~guest-")) << name;
  }
}

TEST_P(SigningIn, RefusesPasswordsThatAreEasilyGuessed) {
  for (const char* password : {"password", "Password123", "12345678", "qwertyuiop", "11111111",
                               "letmein1", "adalovelace", "my ADALOVELACE is long 7"}) {
    const AuthReply reply =
        node().post("/auth/register", AuthNode::credentials("adalovelace", password));
    EXPECT_EQ(reply.status, 400) << password;
    EXPECT_THAT(reply.body, HasSubstr("easily guessed")) << password;
  }
  EXPECT_EQ(node().sign_up("adalovelace").status, 201);
  const AuthReply changed = change_password("adalovelace", kPassword, "sunshine");
  EXPECT_EQ(changed.status, 400);
  EXPECT_EQ(log_in("adalovelace", kPassword).status, 200);
}

TEST_P(SigningIn, TakesTheRightPasswordOnly) {
  EXPECT_EQ(node().sign_up("Ada").status, 201);
  const AuthReply right = log_in("aDA", kPassword);
  EXPECT_EQ(right.status, 200);
  EXPECT_EQ(right.text("name"), "Ada");
  const AuthReply wrong = log_in("ada", kPassword + "!");
  const AuthReply unknown = log_in("bob", kPassword);
  const AuthReply impossible = log_in("b b", kPassword);
  EXPECT_EQ(wrong.status, 401);
  EXPECT_EQ(wrong.error(), "unauthorized");
  // Nobody learns which names there are.
  EXPECT_EQ(unknown.body, wrong.body);
  EXPECT_EQ(impossible.body, wrong.body);
  EXPECT_EQ(unknown.status, 401);
}

TEST_P(SigningIn, GivesATokenThatConnects) {
  const AuthReply ada = node().sign_up("Ada");
  RawClient& client = node().connect(ada.text("token"));
  EXPECT_THAT(client.events.lines[0], AllOf(StartsWith("1 connect "), HasSubstr("user:#ada"),
                                            HasSubstr(R"("expires":true,"ttl":)")));
  client.send(R"({"id":2,"subscribe":{"channel":"room:lobby"}})");
  EXPECT_TRUE(node().run_until([&] { return client.events.has("2 subscribe"); }))
      << ::testing::PrintToString(client.events.lines);
  client.send(R"({"id":3,"presence":{"channel":"room:lobby"}})");
  EXPECT_TRUE(node().run_until([&] { return client.events.has("3 presence"); }));
  EXPECT_THAT(client.events.messages.back(),
              AllOf(HasSubstr(R"("user":"ada")"), HasSubstr(R"("conn_info":{"name":"Ada"})")));
}

TEST_P(SigningIn, GoesOnWithANewRefreshTokenEachTime) {
  const AuthReply first = node().sign_up("Ada");
  const AuthReply second = refresh(first.text("refresh_token"));
  EXPECT_EQ(second.status, 200);
  EXPECT_EQ(second.text("name"), "Ada");
  EXPECT_NE(second.text("refresh_token"), first.text("refresh_token"));
  EXPECT_THAT(node().connected(second.text("token")), StartsWith("1 connect "));
  const AuthReply third = refresh(second.text("refresh_token"));
  EXPECT_EQ(third.status, 200);
}

TEST_P(SigningIn, GivesTheSameAnswerWhenAReplyWasLost) {
  const AuthReply first = node().sign_up("Ada");
  const AuthReply second = refresh(first.text("refresh_token"));
  const AuthReply again = refresh(first.text("refresh_token"));
  EXPECT_EQ(again.status, 200);
  EXPECT_EQ(again.text("refresh_token"), second.text("refresh_token"));
  EXPECT_EQ(refresh(again.text("refresh_token")).status, 200);
}

TEST_P(SigningIn, RefusesRefreshTokensThatItHasNotMade) {
  const AuthReply ada = node().sign_up("Ada");
  const std::string good = ada.text("refresh_token");
  std::string signature = good;
  signature[40] = signature[40] == '0' ? '1' : '0';
  std::string generation = good;
  generation[17] = '1';
  const std::string other = good.substr(0, good.rfind('.')) + ".bob";
  for (const std::string& bad : {signature, generation, other, good + "x", std::string("x"),
                                 std::string("..."), good.substr(1), ada.text("token")}) {
    EXPECT_EQ(refresh(bad).status, 401) << bad;
  }
  EXPECT_EQ(refresh(good).status, 200);  // nobody can end a session by guessing
}

TEST_P(SigningInAgain, GoesOnAfterARestart) {
  const AuthReply ada = node().sign_up("Ada");
  const AuthReply out = log_in("ada", kPassword);
  EXPECT_EQ(node().post("/auth/logout", AuthNode::with_refresh(out.text("refresh_token"))).status,
            200);
  start();
  EXPECT_THAT(node().connected(ada.text("token")), StartsWith("1 connect "));
  EXPECT_EQ(node().connected(out.text("token")), kTokenRefused);
  EXPECT_EQ(refresh(ada.text("refresh_token")).status, 200);
  EXPECT_EQ(log_in("ada", kPassword).status, 200);
}

TEST_P(SigningIn, TakesOneOfTwoNewPasswordsAtOnce) {
  EXPECT_EQ(node().sign_up("Ada").status, 201);
  const auto change_to = [this](const std::string& password) -> RawClient& {
    return node().send("/auth/password", R"({"name":"ada","password":")" + kPassword +
                                             R"(","new_password":")" + password + R"("})");
  };
  RawClient& one = change_to("battery staple");
  RawClient& two = change_to("staple battery");
  const int first = node().reply(one).status;
  const int second = node().reply(two).status;
  EXPECT_EQ(first + second, 200 + 401);
  EXPECT_EQ(log_in("ada", "battery staple").status, first);
  EXPECT_EQ(log_in("ada", "staple battery").status, second);
}

TEST_P(SigningInAgain, MakesNoAdministratorOfWhoeverRegisteredTheName) {
  std::ostringstream log;
  const auto before = spdlog::default_logger();
  spdlog::set_default_logger(std::make_shared<spdlog::logger>(
      "test", std::make_shared<spdlog::sinks::ostream_sink_st>(log)));
  const AuthReply ada = node().sign_up("Ada");
  AccountSettings settings = AuthNode::account_settings();
  settings.admins = {"ada", "root"};
  start(settings);
  EXPECT_EQ(log_in("ada", kPassword).text("role"), "user");
  EXPECT_EQ(refresh(ada.text("refresh_token")).text("role"), "user");
  EXPECT_THAT(log.str(), HasSubstr("chirmd --set-password ada"));
  EXPECT_THAT(log.str(), Not(HasSubstr("root")));
  bool is_set = false;
  node().server.accounts()->set_password("ada", "battery staple",
                                         [&](const auto& set) { is_set = set.has_value(); });
  EXPECT_TRUE(node().run_until([&] { return is_set; }));
  EXPECT_EQ(log_in("ada", kPassword).status, 401);
  EXPECT_EQ(log_in("ada", "battery staple").text("role"), "admin");
  // … and stays one with a password of their own.
  EXPECT_EQ(change_password("ada", "battery staple", kPassword).text("role"), "admin");
  spdlog::set_default_logger(before);
}

TEST_P(SigningInAgain, HashesAgainWhenThatHasBecomeDearer) {
  EXPECT_EQ(node().sign_up("Ada").status, 201);
  AccountSettings dearer = AuthNode::account_settings();
  dearer.cost.bytes *= 2;
  start(dearer);
  EXPECT_EQ(log_in("ada", kPassword).status, 200);
  std::string hash;
  EXPECT_TRUE(node().run_until([&] {
    node().broker->documents().get("account", "ada", [&](const auto& document) {
      if (document) hash = JsonFields(document->value).text("hash", {1, 256});
    });
    return hash.find("m=128,") != hash.npos;
  })) << hash;
  EXPECT_THAT(hash, StartsWith("$argon2id$v=19$m=128,t=1,p=1$"));
  EXPECT_EQ(log_in("ada", kPassword).status, 200);
}

TEST_P(SigningIn, HasFiftySessionsOfAUserAtMost) {
  const AuthReply first = node().sign_up("Ada");
  const AuthReply second = log_in("ada", kPassword);
  // Used after all others.
  AuthReply last = first;
  for (int i = 0; i < 48; ++i) last = log_in("ada", kPassword);
  const AuthReply used = refresh(first.text("refresh_token"));
  EXPECT_EQ(used.status, 200);
  last = log_in("ada", kPassword);
  const std::string oldest = second.text("refresh_token").substr(0, 16);
  EXPECT_TRUE(testing::ask_until([&] { return document("session:ada", oldest).version == 0; }));
  EXPECT_EQ(refresh(second.text("refresh_token")).status, 401);
  EXPECT_EQ(refresh(used.text("refresh_token")).status, 200);
  EXPECT_EQ(refresh(last.text("refresh_token")).status, 200);
}

}  // namespace
}  // namespace chirm
