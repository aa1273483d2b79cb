// SPDX-License-Identifier: MIT
// What /auth/ and tokens refuse, and how: bad input, cookies, limits, rights that nobody has.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <spdlog/sinks/ostream_sink.h>
#include <spdlog/spdlog.h>

#include <sstream>

#include "core/accounts/secrets.h"
#include "core/broker/memory_broker.h"
#include "tests/support/auth_node.h"

namespace chirm {
namespace {

using ::testing::AllOf;
using testing::AuthNode;
using testing::AuthReply;
using ::testing::HasSubstr;
using ::testing::Not;
using testing::RawClient;
using ::testing::StartsWith;

const std::string kHorse = "correct horse";
const std::string kRefused = "close 3500 invalid token";

class AuthInput : public ::testing::Test {
 protected:
  AuthInput() { start(AuthNode::account_settings()); }

  void start(const AccountSettings& accounts,
             const ChatSettings& chat = AuthNode::chat_settings()) {
    owner_.reset();
    loop_ = std::make_unique<Loop>();
    owner_ = std::make_unique<AuthNode>(
        *loop_, std::make_unique<MemoryBroker>(*loop_, BrokerSettings()), accounts, chat);
    EXPECT_TRUE(owner_->run_until_ready());
  }
  AuthNode& node() { return *owner_; }
  std::uint64_t accounts_there() {
    std::optional<std::uint64_t> count;
    node().broker->documents().count("account", [&](const auto& result) { count = *result; });
    EXPECT_TRUE(node().run_until([&] { return count.has_value(); }));
    return *count;
  }
  void set_password(const std::string& name) {
    bool is_set = false;
    node().server.accounts()->set_password(name, kHorse, [&](const auto& set) {
      EXPECT_TRUE(set.has_value());
      is_set = true;
    });
    EXPECT_TRUE(node().run_until([&] { return is_set; }));
  }

 private:
  std::unique_ptr<Loop> loop_;
  std::unique_ptr<AuthNode> owner_;
};

TEST_F(AuthInput, IsRefusedByNamingTheFieldThatIsWrong) {
  const std::string long_text(129, 'x');
  const std::vector<std::array<std::string, 3>> kCases = {
      {"/auth/register", "nonsense", "expected a JSON object"},
      {"/auth/register", "[]", "expected a JSON object"},
      {"/auth/register", "{\"name\":\"\xff\xff\",\"password\":\"12345678\"}", "JSON"},
      {"/auth/register", "", "name: expected text"},
      {"/auth/register", R"({"password":"12345678"})", "name: expected text"},
      {"/auth/register", R"({"name":7,"password":"12345678"})", "name: expected text"},
      {"/auth/register", R"({"name":"ada"})", "password: expected text of 8 to 128"},
      {"/auth/register", R"({"name":"ada","password":"1234567"})", "password: expected"},
      {"/auth/register", R"({"name":"ada","password":")" + long_text + "\"}", "password: expected"},
      {"/auth/register", R"({"name":"ada","password":null})", "password: expected"},
      {"/auth/register", R"({"name":"ada","password":"12345678","cookie":1})", "cookie: expected"},
      {"/auth/login", R"({"name":"ada"})", "password: expected"},
      {"/auth/login", R"({"name":"","password":"x"})", "name: expected"},
      {"/auth/login", R"({"name":["ada"],"password":"x"})", "name: expected"},
      {"/auth/guest", R"({"name":7})", "name: expected"},
      {"/auth/guest", R"({"name":"a b"})", "name: expected 2 to 32 letters"},
      {"/auth/guest", R"({"name":"~ada"})", "name: expected 2 to 32 letters"},
      {"/auth/refresh", "{}", "refresh_token: expected"},
      {"/auth/refresh", R"({"refresh_token":7})", "refresh_token: expected"},
      {"/auth/refresh", R"({"refresh_token":")" + std::string(513, 'x') + R"("})",
       "refresh_token: expected text of 1 to 512"},
      {"/auth/logout", "{}", "refresh_token: expected"},
      {"/auth/logout", R"({"refresh_token":"x","all":"yes"})", "all: expected true or false"},
      {"/auth/password", R"({"name":"ada","password":"x"})", "new_password: expected"},
      {"/auth/password", R"({"name":"ada","password":"x","new_password":"1"})",
       "new_password: exp"},
      {"/auth/password", R"({"name":"ada","new_password":"12345678"})", "password: expected"},
  };
  for (const auto& [path, body, problem] : kCases) {
    const AuthReply reply = node().post(path, body);
    EXPECT_EQ(reply.status, 400) << path << ' ' << body;
    EXPECT_EQ(reply.error(), "bad_request") << reply.body;
    EXPECT_THAT(reply.body, HasSubstr(problem));
  }
  EXPECT_EQ(accounts_there(), 0U);
}

TEST_F(AuthInput, HasNoNamesThatCouldBeTakenForAnother) {
  for (const char* name :
       {"a", "-a", "a-", ".a", "a b", "a,b", "a#b", "~ada", "~ada-x7k2m9", "ädа", "a\\u0000b",
        "a/b", "a\\nb", "аda", "abcdefghijklmnopqrstuvwxyz0123456"}) {
    EXPECT_EQ(node().sign_up(name).status, 400) << name;
  }
  for (const char* name : {"ab", "A-1", "a.b_c-d", "00", "abcdefghijklmnopqrstuvwxyz012345"}) {
    EXPECT_EQ(node().sign_up(name).status, 201) << name;
  }
}

TEST_F(AuthInput, MustBeJsonOfAModestSizeByPost) {
  const std::string body = AuthNode::credentials("ada", kHorse);
  for (const std::string headers :
       {"", "Content-Type: text/plain\r\n", "Content-Type: application/x-www-form-urlencoded\r\n",
        "Content-Type: application/jsonp\r\n"}) {
    EXPECT_EQ(node().reply(node().send("/auth/register", body, headers)).status, 415) << headers;
  }
  EXPECT_EQ(node()
                .reply(node().send("/auth/register", body,
                                   "Content-Type: Application/JSON; charset=utf-8\r\n"))
                .status,
            201);
  const AuthReply long_body = node().post("/auth/register", std::string(16 * 1024 + 1, ' '));
  EXPECT_EQ(long_body.status, 413);
  EXPECT_EQ(long_body.error(), "bad_request");
  RawClient& get =
      *node().clients.emplace_back(std::make_unique<RawClient>(node().loop, node().server.port()));
  get.send_bytes("GET /auth/login HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
  const AuthReply got = node().reply(get);
  EXPECT_THAT(got.head, AllOf(StartsWith("HTTP/1.1 405 "), HasSubstr("Allow: POST")));
  EXPECT_EQ(got.error(), "bad_request");
}

TEST_F(AuthInput, FromAnotherSitesPageIsRefused) {
  const std::string body = AuthNode::credentials("ada", kHorse);
  for (const std::string origin : {"https://evil.example", "null", "http://chat.example",
                                   "http://chat.example:12", "chat.example:1"}) {
    const AuthReply reply = node().post("/auth/register", body, "Origin: " + origin + "\r\n");
    EXPECT_EQ(reply.status, 403) << origin;
    EXPECT_EQ(reply.error(), "forbidden");
  }
  EXPECT_EQ(accounts_there(), 0U);
  EXPECT_EQ(node().post("/auth/register", body, "Origin: https://chat.example:1\r\n").status, 201);
}

TEST_F(AuthInput, MayHaveTheRefreshTokenInACookie) {
  const AuthReply ada =
      node().post("/auth/register", R"({"name":"ada","password":"correct horse","cookie":true})");
  EXPECT_THAT(ada.body, Not(HasSubstr("refresh_token")));
  EXPECT_THAT(
      ada.header("Set-Cookie"),
      AllOf(StartsWith("chirm_refresh="), HasSubstr("; Path=/auth; HttpOnly; "),
            HasSubstr("SameSite=Strict"), HasSubstr("Max-Age=2592000"), Not(HasSubstr("Secure"))));
  const AuthReply next = node().post("/auth/refresh", "{}",
                                     "Cookie: a=b; chirm_refresh=" + ada.cookie() + "; c=d\r\n");
  EXPECT_EQ(next.status, 200);
  EXPECT_THAT(next.body, Not(HasSubstr("refresh_token")));
  EXPECT_NE(next.cookie(), ada.cookie());
  const AuthReply out =
      node().post("/auth/logout", "{}", "Cookie: chirm_refresh=" + next.cookie() + "\r\n");
  EXPECT_EQ(out.status, 200);
  EXPECT_THAT(out.header("Set-Cookie"),
              AllOf(StartsWith("chirm_refresh=;"), HasSubstr("Max-Age=0")));
  EXPECT_EQ(
      node().post("/auth/refresh", "{}", "Cookie: chirm_refresh=" + next.cookie() + "\r\n").status,
      401);
  const AuthReply secure =
      node().post("/auth/guest", R"({"cookie":true})", "X-Forwarded-Proto: https\r\n");
  EXPECT_THAT(secure.header("Set-Cookie"),
              AllOf(StartsWith("__Secure-chirm_refresh="), HasSubstr("; Secure")));
  const std::string tls = "X-Forwarded-Proto: https\r\n";
  EXPECT_EQ(
      node()
          .post("/auth/refresh", "{}", tls + "Cookie: chirm_refresh=" + secure.cookie() + "\r\n")
          .status,
      400);
  EXPECT_EQ(node()
                .post("/auth/refresh", "{}",
                      tls + "Cookie: __Secure-chirm_refresh=" + secure.cookie() + "\r\n")
                .status,
            200);
}

// ---- Limits

TEST_F(AuthInput, IsThrottledByNameAndWhereItComesFrom) {
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
  for (int i = 0; i < 5; ++i) EXPECT_EQ(log_in("ada", kHorse, "192.0.2.1").status, 200);
  for (int i = 0; i < 3; ++i) EXPECT_EQ(log_in("Ada", "wrong", "192.0.2.1").status, 401);
  const AuthReply refused = log_in("ada", kHorse, "192.0.2.1");
  EXPECT_EQ(refused.status, 429);
  EXPECT_EQ(refused.error(), "too_many_requests");
  EXPECT_GE(std::stoi(refused.header("Retry-After")), 500);
  EXPECT_EQ(log_in("bob", kHorse, "192.0.2.1").status, 401);
  // Its owner gets in from elsewhere.
  EXPECT_EQ(log_in("ada", kHorse, "192.0.2.2").status, 200);
}

TEST_F(AuthInput, IsThrottledByNameAlone) {
  AccountSettings settings = AuthNode::account_settings();
  settings.per_name = {.burst = 3, .interval_ms = 600'000};
  start(settings);
  EXPECT_EQ(node().sign_up("ada").status, 201);
  for (int i = 0; i < 3; ++i) {
    const std::string from = "X-Forwarded-For: 192.0.2." + std::to_string(i) + "\r\n";
    EXPECT_EQ(node().post("/auth/login", AuthNode::credentials("Ada", "wrong"), from).status, 401);
  }
  EXPECT_EQ(node().post("/auth/login", AuthNode::credentials("ada", kHorse)).status, 429);
}

TEST_F(AuthInput, IsThrottledBySession) {
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

TEST_F(AuthInput, IsThrottledByAddress) {
  AccountSettings settings = AuthNode::account_settings();
  settings.per_address = {.burst = 2, .interval_ms = 600'000};
  settings.new_per_address = {.burst = 2, .interval_ms = 600'000};
  start(settings);
  const auto log_in = [this](const std::string& name, const std::string& address) {
    return node()
        .post("/auth/login", AuthNode::credentials(name, kHorse),
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

TEST_F(AuthInput, WaitsInAQueueThatIsBounded) {
  AccountSettings settings = AuthNode::account_settings();
  settings.cost = {.passes = 3, .bytes = 32 * 1024 * 1024};
  settings.hash_queue_max = 2;
  start(settings);
  std::vector<RawClient*> clients;
  for (int i = 0; i < 8; ++i) {
    clients.push_back(
        &node().send("/auth/login", AuthNode::credentials("user" + std::to_string(i), kHorse)));
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

TEST_F(AuthInput, IsNotThrottledWhereTheOperatorDoesIt) {
  AccountSettings settings = AuthNode::account_settings();
  settings.per_address = settings.per_name = settings.per_name_there =
      settings.new_per_address = {.burst = 1, .interval_ms = 600'000};
  settings.is_throttled = false;
  start(settings);
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(node().post("/auth/guest", "{}").status, 200);
    EXPECT_EQ(node().post("/auth/login", AuthNode::credentials("ada", kHorse)).status, 401);
  }
}

TEST_F(AuthInput, IsAnsweredByWhatTheOperatorAllows) {
  AccountSettings settings = AuthNode::account_settings();
  settings.has_registration = settings.has_guests = false;
  settings.admins = {"root.1"};
  start(settings);
  EXPECT_EQ(node().sign_up("ada").status, 403);
  EXPECT_EQ(node().post("/auth/guest", "{}").status, 403);
  EXPECT_EQ(accounts_there(), 0U);
  RawClient& client =
      *node().clients.emplace_back(std::make_unique<RawClient>(node().loop, node().server.port()));
  client.send_bytes("GET /auth/settings HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
  EXPECT_EQ(node().reply(client).body,
            R"({"accounts":true,"registration":false,"guests":false,"external":false})");
}

TEST_F(AuthInput, MakesNobodyAnAdministrator) {
  AccountSettings settings = AuthNode::account_settings();
  settings.admins = {"root.1"};
  start(settings);
  const AuthReply refused = node().sign_up("Root.1");
  EXPECT_EQ(refused.status, 403);
  EXPECT_EQ(node().post("/auth/login", AuthNode::credentials("root.1", kHorse)).status, 401);
  set_password("Root.1");
  const AuthReply admin = node().post("/auth/login", AuthNode::credentials("root.1", kHorse));
  EXPECT_EQ(admin.text("role"), "admin");
  EXPECT_EQ(admin.text("name"), "Root.1");
  const std::string with_role =
      R"({"name":"ada","password":"correct horse","role":"admin","user":"root.1"})";
  const AuthReply ada = node().post("/auth/register", with_role);
  EXPECT_EQ(ada.text("role"), "user");
  EXPECT_EQ(ada.text("user"), "ada");
}

TEST_F(AuthInput, EndsSessionsWhenTheOperatorSetsThePassword) {
  const AuthReply ada = node().sign_up("ada");
  RawClient& client = node().connect(ada.text("token"));
  set_password("ADA");
  EXPECT_TRUE(node().run_until_closed(client));
  EXPECT_EQ(node().post("/auth/login", AuthNode::credentials("ada", kHorse)).text("name"), "ada");
}

// ---- Tokens

// The claims of a token, changed, with the signature it had.
std::string with_claims(const std::string& token, const std::string& claims) {
  const std::string other = sign_token_hs256(claims, "x");
  const std::string middle = other.substr(0, other.rfind('.'));
  return middle + token.substr(token.rfind('.'));
}

TEST_F(AuthInput, OfTokensIsWhatWasSignedHereOnly) {
  const AuthReply ada = node().sign_up("ada");
  const std::string exp = std::to_string(Loop::unix_ms() / 1000 + 600);
  const std::string claims = R"({"iss":"chirm","sub":"ada","sid":"0000000000000001",)"
                             R"("name":"ada","role":"admin","exp":)" +
                             exp + "}";
  const std::string token = ada.text("token");
  EXPECT_EQ(node().connected(with_claims(token, claims)), kRefused);
  EXPECT_EQ(node().connected(sign_token_hs256(claims, "another key")), kRefused);
  EXPECT_EQ(node().connected(sign_token_hs256(claims, "")), kRefused);
  EXPECT_EQ(node().connected(ada.text("refresh_token")), kRefused);
  EXPECT_EQ(node().connected(""), "close 3501 bad request");
  // {"alg":"none"}
  EXPECT_EQ(node().connected("eyJhbGciOiJub25lIn0" + token.substr(token.find('.'))), kRefused);
  EXPECT_THAT(node().connected(token), StartsWith("1 connect "));
}

TEST_F(AuthInput, OfTokensIsRefusedWhenItHasExpired) {
  AccountSettings settings = AuthNode::account_settings();
  settings.token_s = 1;
  start(settings);
  const AuthReply ada = node().sign_up("ada");
  const std::int64_t end_s = Loop::unix_ms() / 1000 + 1;
  EXPECT_TRUE(node().run_until([&] { return Loop::unix_ms() / 1000 > end_s; }));
  EXPECT_EQ(node().connected(ada.text("token")), "1 error 109");
  const AuthReply next =
      node().post("/auth/refresh", AuthNode::with_refresh(ada.text("refresh_token")));
  EXPECT_THAT(node().connected(next.text("token")), StartsWith("1 connect "));
}

TEST_F(AuthInput, OfTokensRefreshesAConnectionOfTheSameUser) {
  const AuthReply ada = node().sign_up("ada");
  const AuthReply bob = node().sign_up("bob");
  RawClient& client = node().connect(ada.text("token"));
  const AuthReply next =
      node().post("/auth/refresh", AuthNode::with_refresh(ada.text("refresh_token")));
  client.send(R"({"id":2,"refresh":{"token":")" + next.text("token") + R"("}})");
  EXPECT_TRUE(node().run_until([&] { return client.events.has("2 refresh "); }));
  client.send(R"({"id":3,"refresh":{"token":")" + bob.text("token") + R"("}})");
  EXPECT_TRUE(node().run_until_closed(client));
  EXPECT_EQ(client.events.lines.back(), kRefused);
}

class OutsideTokens : public AuthInput {
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
    EXPECT_EQ(connected(R"({"sub":")" + std::string(user) + "\"}"), kRefused) << user;
  }
  const AuthReply ada = node().sign_up("ada");
  EXPECT_THAT(node().connected(ada.text("token")), StartsWith("1 connect "));
}

TEST_F(OutsideTokens, AreNotTakenForSomebodyWhoLooksLikeAnAccount) {
  start_with(AuthNode::account_settings());
  EXPECT_EQ(connected(R"({"sub":"Eve"})"), kRefused);
  AccountSettings closed = AuthNode::account_settings();
  closed.has_registration = false;
  closed.admins = {"root"};
  start_with(closed);
  EXPECT_THAT(connected(R"({"sub":"Eve"})"), HasSubstr("user:#Eve"));
  EXPECT_EQ(connected(R"({"sub":"Root"})"), kRefused);
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
  EXPECT_EQ(node().connected(token), kRefused);
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

// ---- The log

TEST_F(AuthInput, IsNeverLogged) {
  std::ostringstream log;
  auto sink = std::make_shared<spdlog::sinks::ostream_sink_st>(log);
  const auto before = spdlog::default_logger();
  auto logger = std::make_shared<spdlog::logger>("test", std::move(sink));
  logger->set_level(spdlog::level::trace);
  spdlog::set_default_logger(logger);
  const std::string password = "pass-Nightingale-word";
  std::vector<std::string> secrets = {"Nightingale"};
  const auto note = [&](const AuthReply& reply) {
    for (const char* name : {"token", "refresh_token"}) {
      if (!reply.text(name).empty()) secrets.push_back(reply.text(name));
    }
    return reply;
  };
  const AuthReply ada = note(node().post("/auth/register", AuthNode::credentials("ada", password)));
  note(node().post("/auth/register", AuthNode::credentials("ada", password)));
  note(node().post("/auth/login", AuthNode::credentials("ada", password)));
  note(node().post("/auth/login", AuthNode::credentials("ada", password + "x")));
  note(node().post("/auth/login", "{\"name\":\"ada\",\"password\":\"" + password));
  note(node().post("/auth/guest", "{}"));
  const AuthReply next =
      note(node().post("/auth/refresh", AuthNode::with_refresh(ada.text("refresh_token"))));
  (void)node().connected(next.text("token"));
  (void)node().connected(next.text("token") + "x");
  note(node().post("/auth/password", R"({"name":"ada","password":")" + password +
                                         R"(","new_password":")" + password + R"(2"})"));
  note(node().post("/auth/logout", AuthNode::with_refresh(next.text("refresh_token"))));
  node().loop.add_turn_end_hook([] { return Loop::TurnEnd::kDone; });
  spdlog::info("the log is heard");
  EXPECT_THAT(log.str(), HasSubstr("the log is heard"));
  for (const std::string& secret : secrets) EXPECT_THAT(log.str(), Not(HasSubstr(secret)));
  EXPECT_GT(secrets.size(), 8U);
  spdlog::set_default_logger(before);
}

}  // namespace
}  // namespace chirm
