// SPDX-License-Identifier: MIT
// What administrators do over RPC, on a node alone and on two. They are connected to the first,
// other people to the last.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>

#include "core/broker/memory/memory_broker.h"
#include "core/broker/redis/redis_broker.h"
#include "tests/support/auth_node.h"
#include "tests/support/redis_server.h"

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

class AdminTest : public ::testing::TestWithParam<std::size_t> {
 protected:
  AdminTest() {
    if (GetParam() > 1) redis_.emplace();
    AccountSettings settings = AuthNode::account_settings();
    settings.admins = {"root"};
    for (std::size_t i = 0; i < GetParam(); ++i) {
      nodes_.push_back(std::make_unique<AuthNode>(loop_, make_broker(), settings));
      EXPECT_TRUE(nodes_.back()->run_until_ready());
    }
    EXPECT_TRUE(testing::run_until(loop_, [&] {
      return std::ranges::all_of(nodes_, [&](const auto& node) {
        return node->broker->nodes().nodes().size() == GetParam();
      });
    }));
    bool is_set = false;
    first().server.accounts()->set_password("root", "correct horse",
                                            [&](const auto& set) { is_set = set.has_value(); });
    EXPECT_TRUE(testing::run_until(loop_, [&] { return is_set; }));
    const AuthReply reply =
        first().post("/auth/login", AuthNode::credentials("root", "correct horse"));
    root_ = &first().connect(reply.text("token"));
    (void)root_->events.take();
  }

  std::unique_ptr<Broker> make_broker() {
    if (!redis_) return std::make_unique<MemoryBroker>(loop_, BrokerSettings());
    return std::make_unique<RedisBroker>(loop_, *parse_redis_url(redis_->unix_url()),
                                         BrokerSettings{.hold_ms = testing::kDeadlineMs});
  }
  AuthNode& first() { return *nodes_.front(); }
  AuthNode& last() { return *nodes_.back(); }

  // The reply's line, "2 rpc …" or "2 error …".
  std::string call(RawClient& client, const std::string& method, const std::string& data = "{}") {
    client.send(R"({"id":2,"rpc":{"method":")" + method + R"(","data":)" + data + "}}");
    std::string line;
    EXPECT_TRUE(testing::run_until(loop_, [&] {
      for (const std::string& one : client.events.lines) {
        if (one.starts_with("2 ")) line = one;
      }
      return !line.empty();
    }));
    std::erase(client.events.lines, line);
    return line;
  }
  std::string call(const std::string& method, const std::string& data = "{}") {
    return call(*root_, method, data);
  }
  bool run_until_line(const RawClient& client, const std::string& part) {
    return testing::run_until(loop_, [&] {
      return std::ranges::any_of(client.events.lines, [&](const std::string& line) {
        return line.find(part) != line.npos;
      });
    });
  }

  Loop loop_;
  std::optional<testing::RedisServer> redis_;
  std::vector<std::unique_ptr<AuthNode>> nodes_;
  RawClient* root_ = nullptr;
};

INSTANTIATE_TEST_SUITE_P(OnNodes, AdminTest, ::testing::Values(1, 2),
                         [](const auto& nodes) { return nodes.param == 1 ? "One" : "Two"; });

constexpr const char* kAdminDone = R"(2 rpc {"data":{}})";

TEST_P(AdminTest, IsForAdministratorsOnly) {
  const AuthReply reply = last().sign_up("ada");
  RawClient& ada = last().connect(reply.text("token"));
  RawClient& guest = last().connect(last().post("/auth/guest", "{}").text("token"));
  for (const char* method :
       {"admin.nodes", "admin.user", "admin.ban", "admin.unban", "admin.disconnect", "admin.notice",
        "admin.slow", "admin.channels", "admin.audit"}) {
    for (RawClient* client : {&ada, &guest}) {
      EXPECT_EQ(call(*client, method, R"({"user":"root","text":"x"})"), "2 error 103") << method;
    }
  }
  EXPECT_THAT(call("admin.slow"), R"(2 rpc {"data":{"readers":[]}})");
  EXPECT_EQ(call("admin.teleport"), "2 error 104");
}

TEST_P(AdminTest, SeesAllNodes) {
  std::string nodes;
  const auto count = [&] {
    std::size_t found = 0;
    for (std::size_t at = 0; (at = nodes.find("\"node\":", at)) != nodes.npos; ++at) ++found;
    return found;
  };
  EXPECT_TRUE(testing::ask_until([&] {
    nodes = call("admin.nodes");
    return count() == GetParam();
  })) << nodes;
  EXPECT_THAT(
      nodes,
      MatchesRegex(
          R"(2 rpc \{"data":\{"nodes":\[(\{"node":"[^"]+","version":"chirm [^"]+","uptime":[0-9]+,)"
          R"("connections":[0-9]+,"users":[0-9]+,"channels":[0-9]+,"subscriptions":[0-9]+,)"
          R"("published":[0-9]+,"delivered":[0-9]+,"delivery_us":\{"p50":[0-9]+,"p99":[0-9]+\},)"
          R"("loop_lag_us":\{"p50":[0-9]+,"p99":[0-9]+\},"slow_readers":0,)"
          R"("memory":[1-9][0-9]+,"cpu_ms":[0-9]+\},?)+\]\}\})"));
}

TEST_P(AdminTest, SeesAUser) {
  const AuthReply reply = last().sign_up("Ada");
  RawClient& ada = last().connect(reply.text("token"));
  const std::string user = call("admin.user", R"({"user":"ada"})");
  EXPECT_THAT(user, StartsWith(R"(2 rpc {"data":{"user":"ada","name":"Ada","role":"user",)"));
  EXPECT_THAT(user, HasSubstr(R"("client":")" + ada.events.client_id + '"'));
  EXPECT_THAT(user, HasSubstr(R"("channels":["user:#ada"])"));
  EXPECT_THAT(user, MatchesRegex(R"re(.*"sessions":\[\{"id":"[0-9a-f]{16}","created":.*)re"));
  EXPECT_EQ(call("admin.user", R"({"user":"nobody"})"), "2 error 404");
}

TEST_P(AdminTest, BansAndPardons) {
  const AuthReply reply = last().sign_up("ada");
  RawClient& ada = last().connect(reply.text("token"));
  EXPECT_EQ(call("admin.ban", R"({"user":"ada","seconds":3600,"reason":"noise"})"), kAdminDone);
  EXPECT_TRUE(last().run_until_closed(ada));
  EXPECT_THAT(call("admin.user", R"({"user":"ada"})"),
              AllOf(HasSubstr(R"("banned":{"until":)"), HasSubstr(R"("reason":"noise"})")));
  EXPECT_THAT(last().connected(reply.text("token")), StartsWith("close 3500"));
  const std::string credentials = AuthNode::credentials("ada", "correct horse");
  EXPECT_EQ(last().post("/auth/login", credentials).status, 403);
  EXPECT_EQ(call("admin.unban", R"({"user":"ada"})"), kAdminDone);
  EXPECT_EQ(last().post("/auth/login", credentials).status, 200);
  EXPECT_THAT(call("admin.user", R"({"user":"ada"})"), Not(HasSubstr("banned")));
}

TEST_P(AdminTest, DisconnectsAUserOrOneSession) {
  const AuthReply one = last().sign_up("ada");
  const AuthReply two = first().post("/auth/login", AuthNode::credentials("ada", "correct horse"));
  RawClient& first_client = last().connect(one.text("token"));
  RawClient& second = first().connect(two.text("token"));
  const std::string user = call("admin.user", R"({"user":"ada"})");
  const std::size_t at = user.find(R"("client":")" + first_client.events.client_id);
  const std::string mark = R"("session":")";
  const std::string session = user.substr(user.find(mark, at) + mark.size(), 16);
  EXPECT_EQ(call("admin.disconnect", R"({"user":"ada","session":")" + session + "\"}"), kAdminDone);
  EXPECT_TRUE(last().run_until_closed(first_client));
  EXPECT_EQ(second.events.close_code, 0);
  EXPECT_EQ(last().post("/auth/refresh", AuthNode::with_refresh(one.text("refresh_token"))).status,
            401);
  EXPECT_EQ(call("admin.disconnect", R"({"user":"ada"})"), kAdminDone);
  EXPECT_TRUE(first().run_until_closed(second));
  EXPECT_EQ(second.events.close_code, 3503);
}

TEST_P(AdminTest, TellsEverybody) {
  RawClient& ada = last().connect(last().sign_up("ada").text("token"));
  EXPECT_EQ(call("admin.notice", R"({"text":"soon \"down\""})"),
            R"(2 rpc {"data":{"connections":2}})");
  EXPECT_TRUE(run_until_line(ada, R"(user:#ada 0 {"type":"notice","text":"soon \"down\""})"));
  EXPECT_TRUE(run_until_line(*root_, R"(user:#root 0 {"type":"notice","text":"soon)"));
}

TEST_P(AdminTest, TellsTheBusiestChannels) {
  const std::string token = last().sign_up("ada").text("token");
  (void)last().connect(token);
  (void)first().connect(token);
  EXPECT_EQ(call("admin.channels"), R"(2 rpc {"data":{"channels":[{"channel":"user:#ada",)"
                                    R"("clients":2},{"channel":"user:#root","clients":1}],)"
                                    R"("count":2}})");
  EXPECT_EQ(call("admin.channels", R"({"limit":1})"),
            R"(2 rpc {"data":{"channels":[{"channel":"user:#ada","clients":2}],"count":2}})");
  EXPECT_EQ(call("admin.channels", R"({"pattern":"room:*"})"),
            R"(2 rpc {"data":{"channels":[],"count":0}})");
}

TEST_P(AdminTest, RefusesWhatItCannotRead) {
  const std::pair<const char*, std::string> wrong[] = {
      {"admin.user", "{}"},
      {"admin.user", R"({"user":""})"},
      {"admin.user", R"({"user":5})"},
      {"admin.user", "[]"},
      {"admin.ban", "{}"},
      {"admin.ban", R"({"user":"ada","seconds":0})"},
      {"admin.ban", R"({"user":"ada","seconds":"1"})"},
      {"admin.ban", R"({"user":"ada","seconds":1e30})"},
      {"admin.ban", R"({"user":"ada","reason":7})"},
      {"admin.ban", R"({"user":"root"})"},
      {"admin.unban", "{}"},
      {"admin.disconnect", "{}"},
      {"admin.disconnect", R"({"user":"ada","session":"none"})"},
      {"admin.disconnect", R"({"user":"ada","session":17})"},
      {"admin.channels", R"({"limit":0})"},
      {"admin.channels", R"({"limit":101})"},
      {"admin.channels", R"({"pattern":7})"},
      {"admin.notice", "{}"},
      {"admin.notice", R"({"text":""})"},
      {"admin.notice", R"({"text":")" + std::string(501, 'x') + "\"}"},
  };
  RawClient& ada = last().connect(last().sign_up("ada").text("token"));
  for (const auto& [method, data] : wrong) {
    EXPECT_EQ(call(method, data), "2 error 107") << method << data;
  }
  EXPECT_EQ(ada.events.lines.size(), 1U);  // its connect reply
  EXPECT_THAT(call("admin.user", R"({"user":"ada"})"), Not(HasSubstr("banned")));
}

TEST_P(AdminTest, BansWhoeverIsMeant) {
  const AuthReply reply = last().sign_up("Ada");
  RawClient& ada = last().connect(reply.text("token"));
  const AuthReply guest = last().post("/auth/guest", "{}");
  RawClient& bystander = last().connect(guest.text("token"));
  EXPECT_EQ(call("admin.ban", R"({"user":"nobody"})"), "2 error 404");
  EXPECT_EQ(call("admin.unban", R"({"user":"nobody"})"), "2 error 404");
  EXPECT_EQ(call("admin.disconnect", R"({"user":"nobody"})"), "2 error 404");
  EXPECT_EQ(call("admin.ban", R"({"user":"Root"})"), "2 error 107");
  EXPECT_EQ(call("admin.ban", R"({"user":"Ada"})"), kAdminDone);
  EXPECT_TRUE(last().run_until_closed(ada));
  EXPECT_EQ(bystander.events.close_code, 0);
  const std::string user = R"({"user":")" + guest.text("user") + R"(","reason":"noise"})";
  EXPECT_EQ(call("admin.ban", user), kAdminDone);
  EXPECT_TRUE(last().run_until_closed(bystander));
  EXPECT_EQ(
      last().post("/auth/refresh", AuthNode::with_refresh(guest.text("refresh_token"))).status,
      403);
  EXPECT_THAT(call("admin.user", user), HasSubstr(R"("banned":{"reason":"noise"})"));
}

TEST_P(AdminTest, ShowsNoBanThatIsOver) {
  (void)last().sign_up("ada");
  const std::int64_t until_s = loop_.unix_ms() / 1000 + 60;
  EXPECT_EQ(call("admin.ban", R"({"user":"ada","seconds":60})"), kAdminDone);
  EXPECT_THAT(call("admin.user", R"({"user":"ada"})"), HasSubstr("banned"));
  std::string answer;
  // One second after another: what the nodes and the store say to each other must not be late.
  for (int i = 0; i < 61; ++i) {
    loop_.skip_ms(1'000);
    answer = call("admin.user", R"({"user":"ada"})");
    if (loop_.unix_ms() / 1000 < until_s) {
      EXPECT_THAT(answer, HasSubstr("banned"));
    }
  }
  EXPECT_THAT(answer, AllOf(StartsWith("2 rpc "), Not(HasSubstr("banned"))));
}

TEST_P(AdminTest, ReadsWhoDidWhatOnAllNodes) {
  const AuthReply eve = last().sign_up("eve");
  EXPECT_EQ(last().post("/auth/login", AuthNode::credentials("eve", "wrong horse")).status, 401);
  EXPECT_EQ(call("admin.ban", R"({"user":"eve","reason":"a text that is nobody's business"})"),
            kAdminDone);
  const std::string all = call("admin.audit");
  EXPECT_THAT(all, HasSubstr(R"("event":"account.create","user":"eve","address":")"));
  EXPECT_THAT(all, HasSubstr(R"("name":"eve")"));
  EXPECT_THAT(all, HasSubstr(R"("event":"sign-in")"));
  EXPECT_THAT(all, HasSubstr(R"("result":"refused","why":"unauthorized"})"));
  EXPECT_THAT(all, HasSubstr(R"("event":"admin.ban","user":"root","address":")"));
  EXPECT_THAT(all, HasSubstr(R"("whom":"eve","result":"done"})"));
  for (const char* secret : {"business", "horse", "eyJ"}) EXPECT_THAT(all, Not(HasSubstr(secret)));
  // The newest first.
  EXPECT_LT(all.find("admin.ban"), all.find("account.create"));
  EXPECT_THAT(call("admin.audit", R"({"event":"admin."})"), Not(HasSubstr("account.create")));
  EXPECT_THAT(call("admin.audit", R"({"user":"nobody"})"), HasSubstr(R"("events":[])"));
}

TEST_P(AdminTest, NotesTokensThatAreRefused) {
  EXPECT_THAT(last().connected("e30.e30.e30"), HasSubstr("3500"));
  EXPECT_THAT(call("admin.audit", R"({"event":"connect"})"),
              HasSubstr(R"("result":"refused","why":"invalid token"})"));
}

TEST_P(AdminTest, PeopleSeeTheirSessionsAndEndThem) {
  const AuthReply here = last().sign_up("ada");
  RawClient& ada = last().connect(here.text("token"));
  const AuthReply there =
      first().post("/auth/login", AuthNode::credentials("ada", testing::kPassword));
  RawClient& elsewhere = first().connect(there.text("token"));
  const std::string sessions = call(ada, "account.sessions");
  EXPECT_THAT(sessions, MatchesRegex(R"(.*"current":true.*)"));
  // The other one's id: that of the session that is not the current one.
  std::string other;
  std::string current;
  for (std::size_t at = 0; (at = sessions.find(R"("id":")", at)) != sessions.npos; at += 6) {
    const std::string id = sessions.substr(at + 6, sessions.find('"', at + 6) - at - 6);
    const std::size_t end = sessions.find('}', at);
    const bool is_current = sessions.substr(at, end - at).find("current") != std::string::npos;
    (is_current ? current : other) = id;
  }
  ASSERT_FALSE(other.empty());
  const AuthReply bob = last().sign_up("bob");
  RawClient& stranger = last().connect(bob.text("token"));
  EXPECT_EQ(call(stranger, "account.end_session", R"({"session":")" + other + R"("})"),
            "2 error 404");
  EXPECT_EQ(call(ada, "account.end_session", R"({"session":"x"})"), "2 error 107");
  EXPECT_EQ(call(ada, "account.end_session", R"({"session":")" + other + R"("})"), kAdminDone);
  EXPECT_TRUE(first().run_until_closed(elsewhere));
  EXPECT_EQ(
      first()
          .post("/auth/refresh", R"({"refresh_token":")" + there.text("refresh_token") + R"("})")
          .status,
      401);
  EXPECT_EQ(ada.events.close_code, 0);
  EXPECT_THAT(call("admin.audit", R"({"event":"account.end_session"})"),
              HasSubstr(R"("session":")" + other));
  RawClient& guest = last().connect(last().post("/auth/guest", "{}").text("token"));
  EXPECT_EQ(call(guest, "account.sessions"), R"(2 rpc {"data":{"sessions":[]}})");
}

}  // namespace
}  // namespace chirm
