// SPDX-License-Identifier: MIT
// What /auth/ refuses, and how: bad input, cookies, rights that nobody has; and never logs.
#include <gmock/gmock.h>
#include <spdlog/sinks/ostream_sink.h>
#include <spdlog/spdlog.h>

#include <sstream>

#include "tests/core/server/auth_node_fixture.h"

namespace chirm {
namespace {

using ::testing::AllOf;
using testing::AuthNode;
using testing::AuthNodeTest;
using testing::AuthReply;
using ::testing::HasSubstr;
using testing::kPassword;
using ::testing::Not;
using testing::RawClient;
using ::testing::StartsWith;

class AuthInput : public AuthNodeTest {};

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
  const std::string body = AuthNode::credentials("ada", kPassword);
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
  const std::string body = AuthNode::credentials("ada", kPassword);
  for (const std::string origin : {"https://evil.example", "null", "http://chat.example",
                                   "http://chat.example:12", "chat.example:1"}) {
    const AuthReply reply = node().post("/auth/register", body, "Origin: " + origin + "\r\n");
    EXPECT_EQ(reply.status, 403) << origin;
    EXPECT_EQ(reply.error(), "forbidden");
  }
  EXPECT_EQ(accounts_there(), 0U);
  const std::string own = "Origin: https://chat.example:1\r\n";
  EXPECT_EQ(node().post("/auth/register", body, own + "X-Forwarded-Proto: http\r\n").status, 403);
  EXPECT_EQ(accounts_there(), 0U);
  EXPECT_EQ(node().post("/auth/register", body, own + "X-Forwarded-Proto: https\r\n").status, 201);
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
  EXPECT_THAT(secure.header("Set-Cookie"), AllOf(StartsWith("__Host-chirm_refresh="),
                                                 HasSubstr("; Path=/; Secure; HttpOnly; ")));
  const std::string tls = "X-Forwarded-Proto: https\r\n";
  EXPECT_EQ(
      node()
          .post("/auth/refresh", "{}", tls + "Cookie: chirm_refresh=" + secure.cookie() + "\r\n")
          .status,
      400);
  EXPECT_EQ(node()
                .post("/auth/refresh", "{}",
                      tls + "Cookie: __Host-chirm_refresh=" + secure.cookie() + "\r\n")
                .status,
            200);
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
  EXPECT_EQ(node().post("/auth/login", AuthNode::credentials("root.1", kPassword)).status, 401);
  set_password("Root.1");
  const AuthReply admin = node().post("/auth/login", AuthNode::credentials("root.1", kPassword));
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
  EXPECT_EQ(node().post("/auth/login", AuthNode::credentials("ada", kPassword)).text("name"),
            "ada");
}

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
  spdlog::info("the log is heard");
  EXPECT_THAT(log.str(), HasSubstr("the log is heard"));
  for (const std::string& secret : secrets) EXPECT_THAT(log.str(), Not(HasSubstr(secret)));
  EXPECT_GT(secrets.size(), 8U);
  spdlog::set_default_logger(before);
}

}  // namespace
}  // namespace chirm
