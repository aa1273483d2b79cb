// SPDX-License-Identifier: MIT
// Registering, logging in and out, refreshing, on each store.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <spdlog/sinks/ostream_sink.h>
#include <spdlog/spdlog.h>

#include <regex>
#include <sstream>

#include "core/broker/memory_broker.h"
#include "core/broker/redis_broker.h"
#include "core/broker/sqlite_broker.h"
#include "tests/support/auth_node.h"
#include "tests/support/redis_server.h"
#include "tests/support/temp_directory.h"

namespace chirm {
namespace {

using ::testing::AllOf;
using testing::AuthNode;
using testing::AuthReply;
using ::testing::HasSubstr;
using ::testing::MatchesRegex;
using ::testing::Not;
using testing::RawClient;
using ::testing::StartsWith;

const std::string kPassword = "correct horse";
const std::string kInvalid = "close 3500 invalid token";

// Its data outlives the nodes.
class SigningIn : public ::testing::TestWithParam<const char*> {
 protected:
  SigningIn() {
    if (is("redis")) redis_ = std::make_unique<testing::RedisServer>();
    start();
  }

  static bool is(const std::string& store) { return GetParam() == store; }
  std::unique_ptr<Broker> make_broker(Loop& loop) {
    if (is("memory")) return std::make_unique<MemoryBroker>(loop, BrokerSettings());
    if (is("redis")) {
      return std::make_unique<RedisBroker>(loop, *parse_redis_url(redis_->unix_url()),
                                           BrokerSettings(), "chirm", "node");
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
    store(collection, id, before.version,
          std::regex_replace(before.value, std::regex("\"until\":[0-9]+"), "\"until\":1000"));
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
  testing::TempDirectory directory_;
  std::unique_ptr<testing::RedisServer> redis_;

 protected:
  std::unique_ptr<Loop> loop_;

 private:
  std::unique_ptr<AuthNode> node_;
};

INSTANTIATE_TEST_SUITE_P(Stores, SigningIn, ::testing::Values("memory", "sqlite", "redis"),
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

TEST_P(SigningIn, LetsGuestsInWithNamesThatNobodyHas) {
  const AuthReply guest = node().post("/auth/guest", R"({"name":"Ada"})");
  EXPECT_EQ(guest.status, 200);
  EXPECT_THAT(guest.text("user"), MatchesRegex("~ada-[a-z2-9]{10}"));
  EXPECT_EQ(guest.text("name"), guest.text("user"));
  EXPECT_EQ(guest.text("role"), "guest");
  EXPECT_THAT(node().connected(guest.text("token")), StartsWith("1 connect "));
  EXPECT_THAT(node().post("/auth/guest", "{}").text("user"), StartsWith("~guest-"));
  // The session is all that there is of a guest, and it goes on.
  const AuthReply next = refresh(guest.text("refresh_token"));
  EXPECT_EQ(next.text("user"), guest.text("user"));
  EXPECT_EQ(next.text("role"), "guest");
}

TEST_P(SigningIn, KeepsGuestsFromMakingRooms) {
  const AuthReply guest = node().post("/auth/guest", "{}");
  RawClient& client = node().connect(guest.text("token"));
  client.send(R"({"id":2,"rpc":{"method":"chat.create","data":{"room":"tea"}}})");
  EXPECT_TRUE(node().run_until([&] { return client.events.has("2 error 103"); }))
      << ::testing::PrintToString(client.events.lines);
  client.send(R"({"id":3,"rpc":{"method":"chat.room","data":{"room":"tea"}}})");
  EXPECT_TRUE(node().run_until([&] { return client.events.has("3 error 404"); }));
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

TEST_P(SigningIn, EndsASessionWhoseRefreshTokenWasCopied) {
  const AuthReply first = node().sign_up("Ada");
  const AuthReply other = log_in("ada", kPassword);
  const AuthReply second = refresh(first.text("refresh_token"));
  const AuthReply third = refresh(second.text("refresh_token"));
  RawClient& client = node().connect(third.text("token"));
  RawClient& bystander = node().connect(other.text("token"));
  const AuthReply stolen = refresh(first.text("refresh_token"));
  EXPECT_EQ(stolen.status, 401);
  EXPECT_EQ(stolen.error(), "unauthorized");
  EXPECT_TRUE(node().run_until_closed(client));
  EXPECT_EQ(client.events.close_code, 3500);
  EXPECT_EQ(node().connected(third.text("token")), kInvalid);
  EXPECT_EQ(refresh(third.text("refresh_token")).status, 401);
  EXPECT_EQ(bystander.events.close_code, 0);
  EXPECT_EQ(refresh(other.text("refresh_token")).status, 200);
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

TEST_P(SigningIn, EndsOneSessionWithLogOut) {
  const AuthReply one = node().sign_up("Ada");
  const AuthReply two = log_in("ada", kPassword);
  RawClient& first = node().connect(one.text("token"));
  RawClient& second = node().connect(two.text("token"));
  const AuthReply out =
      node().post("/auth/logout", AuthNode::with_refresh(one.text("refresh_token")));
  EXPECT_EQ(out.status, 200);
  EXPECT_EQ(out.body, "{}");
  EXPECT_TRUE(node().run_until_closed(first));
  EXPECT_EQ(first.events.lines.back(), kInvalid);
  EXPECT_EQ(node().connected(one.text("token")), kInvalid);
  EXPECT_EQ(refresh(one.text("refresh_token")).status, 401);
  EXPECT_EQ(second.events.close_code, 0);
  EXPECT_THAT(node().connected(two.text("token")), StartsWith("1 connect "));
  EXPECT_EQ(log_out(one).status, 401);
}

// ---- Whose token is spent can end nothing

TEST_P(SigningIn, TakesNoLoggedOutTokenForALogOutOfAll) {
  const AuthReply one = node().sign_up("Ada");
  const AuthReply two = log_in("ada", kPassword);
  EXPECT_EQ(log_out(one).status, 200);
  const AuthReply again = log_out_all(one);
  EXPECT_EQ(again.status, 401);
  EXPECT_EQ(again.error(), "unauthorized");
  EXPECT_EQ(refresh(two.text("refresh_token")).status, 200);
}

TEST_P(SigningIn, EndsOnlyItsSessionWhenACopyIsToLogOutAll) {
  const AuthReply one = node().sign_up("Ada");
  const AuthReply two = log_in("ada", kPassword);
  const AuthReply next = refresh(one.text("refresh_token"));
  // A reply that was lost: the one before still counts.
  const AuthReply third = refresh(next.text("refresh_token"));
  EXPECT_EQ(log_out_all(one).status, 401);
  EXPECT_EQ(refresh(third.text("refresh_token")).status, 401);
  EXPECT_EQ(refresh(two.text("refresh_token")).status, 200);
}

TEST_P(SigningIn, TakesTheTokenBeforeForAMomentToLogOut) {
  const AuthReply one = node().sign_up("Ada");
  const AuthReply next = refresh(one.text("refresh_token"));
  EXPECT_EQ(log_out(one).status, 200);
  EXPECT_EQ(refresh(next.text("refresh_token")).status, 401);
}

TEST_P(SigningIn, TakesNoExpiredTokenToLogOut) {
  const AuthReply one = node().sign_up("Ada");
  const AuthReply two = log_in("ada", kPassword);
  expire("session:ada", one);
  EXPECT_EQ(log_out_all(one).status, 401);
  EXPECT_EQ(log_out(one).status, 401);
  EXPECT_EQ(refresh(two.text("refresh_token")).status, 200);
}

TEST_P(SigningIn, TakesNoTokenFromBeforeANewPasswordToLogOut) {
  const AuthReply old = node().sign_up("Ada");
  const AuthReply fresh = change_password("ada", kPassword, "battery staple");
  EXPECT_EQ(fresh.status, 200);
  EXPECT_EQ(log_out_all(old).status, 401);
  EXPECT_EQ(refresh(fresh.text("refresh_token")).status, 200);
}

TEST_P(SigningIn, EndsAllSessionsWithLogOutOfAll) {
  const AuthReply one = node().sign_up("Ada");
  const AuthReply two = log_in("ada", kPassword);
  const AuthReply bob = node().sign_up("Bob");
  RawClient& client = node().connect(two.text("token"));
  EXPECT_EQ(node()
                .post("/auth/logout",
                      R"({"all":true,"refresh_token":")" + one.text("refresh_token") + R"("})")
                .status,
            200);
  EXPECT_TRUE(node().run_until_closed(client));
  EXPECT_EQ(refresh(two.text("refresh_token")).status, 401);
  EXPECT_EQ(refresh(bob.text("refresh_token")).status, 200);
}

TEST_P(SigningIn, EndsAllOtherSessionsWithANewPassword) {
  const AuthReply old = node().sign_up("Ada");
  RawClient& client = node().connect(old.text("token"));
  const std::string change =
      R"({"name":"ada","password":")" + kPassword + R"(","new_password":"battery staple"})";
  const AuthReply fresh = node().post("/auth/password", change);
  EXPECT_EQ(fresh.status, 200);
  EXPECT_EQ(fresh.text("name"), "Ada");
  EXPECT_TRUE(node().run_until_closed(client));
  EXPECT_EQ(refresh(old.text("refresh_token")).status, 401);
  EXPECT_EQ(refresh(fresh.text("refresh_token")).status, 200);
  EXPECT_THAT(node().connected(fresh.text("token")), StartsWith("1 connect "));
  EXPECT_EQ(log_in("ada", kPassword).status, 401);
  EXPECT_EQ(log_in("ada", "battery staple").status, 200);
  EXPECT_EQ(node().post("/auth/password", change).status, 401);
}

TEST_P(SigningIn, KeepsABannedUserOut) {
  const AuthReply ada = node().sign_up("Ada");
  RawClient& client = node().connect(ada.text("token"));
  ban("ada", 0);
  EXPECT_TRUE(node().run_until_closed(client));
  EXPECT_EQ(node().connected(ada.text("token")), kInvalid);
  const AuthReply refused = log_in("ada", kPassword);
  EXPECT_EQ(refused.status, 403);
  EXPECT_THAT(refused.body, HasSubstr("You are banned: spam"));
  EXPECT_EQ(log_in("ada", "wrong password").status, 401);  // only its owner learns of it
  EXPECT_NE(refresh(ada.text("refresh_token")).status, 200);
  pardon("ada");
  const AuthReply back = log_in("ada", kPassword);
  EXPECT_EQ(back.status, 200);
  EXPECT_THAT(node().connected(back.text("token")), StartsWith("1 connect "));
}

TEST_P(SigningIn, EndsABanWithItsTime) {
  EXPECT_EQ(node().sign_up("Ada").status, 201);
  ban("ada", Loop::unix_ms() / 1000 + 1);
  EXPECT_EQ(log_in("ada", kPassword).status, 403);
  const std::int64_t end_s = Loop::unix_ms() / 1000 + 1;
  EXPECT_TRUE(node().run_until([&] { return Loop::unix_ms() / 1000 > end_s; }));
  const AuthReply later = log_in("ada", kPassword);
  EXPECT_EQ(later.status, 200);
  EXPECT_THAT(node().connected(later.text("token")), StartsWith("1 connect "));
}

TEST_P(SigningIn, GoesOnAfterARestart) {
  if (is("memory")) GTEST_SKIP() << "nothing survives";
  const AuthReply ada = node().sign_up("Ada");
  const AuthReply out = log_in("ada", kPassword);
  EXPECT_EQ(node().post("/auth/logout", AuthNode::with_refresh(out.text("refresh_token"))).status,
            200);
  start();
  EXPECT_THAT(node().connected(ada.text("token")), StartsWith("1 connect "));
  EXPECT_EQ(node().connected(out.text("token")), kInvalid);
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

TEST_P(SigningIn, MakesNoAdministratorOfWhoeverRegisteredTheName) {
  if (is("memory")) GTEST_SKIP() << "nothing survives";
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

TEST_P(SigningIn, HashesAgainWhenThatHasBecomeDearer) {
  if (is("memory")) GTEST_SKIP() << "nothing survives";
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

// ---- What guests leave behind

TEST_P(SigningIn, RemovesGuestsWhoseSessionIsOver) {
  const AuthReply gone = node().post("/auth/guest", "{}");
  const AuthReply there = node().post("/auth/guest", "{}");
  const std::string collection = "guest:" + std::to_string(Loop::unix_ms() / 86'400'000);
  for (const AuthReply& guest : {gone, there}) {
    EXPECT_THAT(node().connected(guest.text("token")), StartsWith("1 connect "));
    const std::uint64_t end_ms = loop_->now_ms() + 20'000;
    while (document("person", guest.text("user")).version == 0 && loop_->now_ms() < end_ms) {
    }
  }
  EXPECT_NE(document("member:lobby", gone.text("user")).version, 0U);
  expire(collection, gone);
  node().server.accounts()->guest_sweep().run();
  const auto is_gone = [&](const std::string& where, const std::string& id) {
    return document(where, id).version == 0;
  };
  const std::string session = gone.text("refresh_token").substr(0, 16);
  const std::uint64_t end_ms = loop_->now_ms() + 20'000;
  while (!is_gone(collection, session) && loop_->now_ms() < end_ms) {
  }
  EXPECT_TRUE(is_gone(collection, session));
  EXPECT_TRUE(is_gone("person", gone.text("user")));
  EXPECT_TRUE(is_gone("member:lobby", gone.text("user")));
  EXPECT_TRUE(is_gone("list:" + gone.text("user"), "room:lobby"));
  EXPECT_FALSE(is_gone("person", there.text("user")));
  EXPECT_FALSE(is_gone("member:lobby", there.text("user")));
  EXPECT_EQ(refresh(there.text("refresh_token")).status, 200);
  EXPECT_EQ(refresh(gone.text("refresh_token")).status, 401);
}

TEST_P(SigningIn, RemovesGuestsOfLongAgoAfterALongRest) {
  const std::int64_t today = Loop::unix_ms() / 86'400'000;
  const std::string old = "guest:" + std::to_string(today - 200);
  store(old, "00000000000000aa", 0,
        R"({"generation":0,"created":1000,"used":1000,"until":1000,"agent":"","guest":"~x-1"})");
  store("sweep", "guests", 0, R"({"day":)" + std::to_string(today - 201) + R"(,"at":1000})");
  node().server.accounts()->guest_sweep().run();
  const std::uint64_t end_ms = loop_->now_ms() + 20'000;
  while (document(old, "00000000000000aa").version != 0 && loop_->now_ms() < end_ms) {
  }
  EXPECT_EQ(document(old, "00000000000000aa").version, 0U);
}

TEST_P(SigningIn, FindsAGuestAgainWhoHasLoggedOut) {
  const AuthReply guest = node().post("/auth/guest", "{}");
  EXPECT_EQ(log_out(guest).status, 200);
  EXPECT_EQ(refresh(guest.text("refresh_token")).status, 401);
  EXPECT_EQ(log_out(guest).status, 401);
  const std::string collection = "guest:" + std::to_string(Loop::unix_ms() / 86'400'000);
  EXPECT_THAT(document(collection, guest.text("refresh_token").substr(0, 16)).value,
              HasSubstr(guest.text("user")));
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
  const std::uint64_t end_ms = loop_->now_ms() + 20'000;
  while (document("session:ada", oldest).version != 0 && loop_->now_ms() < end_ms) {
  }
  EXPECT_EQ(refresh(second.text("refresh_token")).status, 401);
  EXPECT_EQ(refresh(used.text("refresh_token")).status, 200);
  EXPECT_EQ(refresh(last.text("refresh_token")).status, 200);
}

}  // namespace
}  // namespace chirm
