// SPDX-License-Identifier: MIT
// Requests with bodies, several on one connection, and handlers that answer later.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/loop/timer_wheel.h"
#include "tests/support/server_node.h"

namespace chirm {
namespace {

using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::Not;
using testing::RawClient;
using testing::ServerNode;
using ::testing::StartsWith;

std::string post_text(const std::string& path, const std::string& body,
                      const std::string& headers = "") {
  return "POST " + path + " HTTP/1.1\r\nHost: x\r\n" + headers +
         "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
}

constexpr const char* kHealthz = "GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n";

ServerSettings impatient() {
  ServerSettings settings = ServerNode::server_settings();
  settings.request_timeout_s = 1;
  settings.answer_timeout_s = 1;
  settings.keep_alive_s = 1;
  return settings;
}

class HttpBodies : public ::testing::Test {
 protected:
  explicit HttpBodies(const ServerSettings& settings = ServerNode::server_settings())
      : node(settings) {
    HttpRouter& router = node.server.router();
    router.add({"POST", "/echo",
                [](const HttpCall& call, const HttpAnswer& answer) {
                  answer(text_response(200, "<" + call.body + ">"));
                },
                100'000});
    router.add({"POST", "/later",
                [this](const HttpCall& call, HttpAnswer answer) {
                  bodies.push_back(call.body);
                  answers.push_back(std::move(answer));
                },
                16});
    router.add({"POST", "/guarded/*",
                [](const HttpCall&, const HttpAnswer& answer) { answer(text_response(200, "in")); },
                1000,
                [](const HttpRequest& request, const ClientOrigin&) -> std::optional<HttpResponse> {
                  if (request.header("x-key") == "right") return std::nullopt;
                  return text_response(401, "no key");
                }});
    router.add({"GET", "/large", [](const HttpCall&, const HttpAnswer& answer) {
                  answer(text_response(200, std::string(8'000'000, 'y')));
                }});
  }

  bool run_until_received(const RawClient& client, const std::string& text) {
    return node.run_until([&] { return client.http.find(text) != std::string::npos; });
  }
  static std::size_t count(const std::string& text, const std::string& part) {
    std::size_t found = 0;
    for (std::size_t at = 0; (at = text.find(part, at)) != text.npos; at += part.size()) ++found;
    return found;
  }

  ServerNode node;
  std::vector<std::string> bodies;
  std::vector<HttpAnswer> answers;
};

TEST_F(HttpBodies, AreReadWholeAndTheConnectionStays) {
  RawClient& client = node.add_client();
  const std::string large(100'000, 'b');
  client.send_bytes(post_text("/echo", large));
  EXPECT_TRUE(run_until_received(client, "<" + large + ">"));
  client.send_bytes(post_text("/echo", ""));
  EXPECT_TRUE(run_until_received(client, "\r\n\r\n<>"));
  client.send_bytes(kHealthz);
  EXPECT_TRUE(run_until_received(client, "ok\n"));
  EXPECT_THAT(client.http, Not(HasSubstr("Connection: close")));
  EXPECT_FALSE(client.is_ended());
}

TEST_F(HttpBodies, MayComeByteByByteWithTheNextRequestBehind) {
  RawClient& client = node.add_client();
  const std::string all = post_text("/echo", "first") + post_text("/echo", "second") + kHealthz;
  std::size_t at = 0;
  EXPECT_TRUE(node.run_until([&] {
    if (at < all.size()) client.send_bytes(std::string_view(all).substr(at++, 1));
    return client.http.ends_with("ok\n");
  }));
  EXPECT_EQ(count(client.http, "HTTP/1.1 200 OK"), 3U);
}

TEST_F(HttpBodies, OfPipelinedRequestsAreAnsweredInOrder) {
  RawClient& client = node.add_client();
  client.send_bytes(post_text("/later", "a") + post_text("/later", "b") + kHealthz);
  EXPECT_TRUE(node.run_until([&] { return answers.size() == 1; }));
  EXPECT_TRUE(node.run_for(50));
  EXPECT_EQ(answers.size(), 1U);  // one at a time
  answers[0](text_response(200, "[a]"));
  EXPECT_TRUE(node.run_until([&] { return answers.size() == 2; }));
  answers[0](text_response(200, "again"));  // of no effect
  answers[1](text_response(200, "[b]"));
  EXPECT_TRUE(run_until_received(client, "ok\n"));
  EXPECT_THAT(bodies, ::testing::ElementsAre("a", "b"));
  EXPECT_LT(client.http.find("[a]"), client.http.find("[b]"));
  EXPECT_THAT(client.http, Not(HasSubstr("again")));
}

TEST_F(HttpBodies, ThatAreReadAheadAreBounded) {
  RawClient& client = node.add_client();
  client.send_bytes(post_text("/later", "a"));
  EXPECT_TRUE(node.run_until([&] { return answers.size() == 1; }));
  constexpr int kRequests = 20'000;
  std::string flood;
  for (int i = 0; i < kRequests; ++i) flood += kHealthz;
  client.send_bytes(flood);
  EXPECT_TRUE(node.run_for(200));
  EXPECT_LT(node.metric("chirm_received_bytes_total"), 200'000);
  answers[0](text_response(200, "done"));
  EXPECT_TRUE(node.run_until([&] { return count(client.http, "ok\n") == kRequests; }));
}

TEST_F(HttpBodies, ThatAreTooLongAreRefusedUnread) {
  RawClient& client = node.add_client();
  client.send_bytes(post_text("/later", std::string(17, 'x')));
  EXPECT_TRUE(node.run_until([&] { return client.is_ended(); }));
  EXPECT_EQ(client.status(), 413);
  RawClient& huge = node.add_client();
  huge.send_bytes("POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 9223372036854775807\r\n\r\n");
  EXPECT_TRUE(node.run_until([&] { return huge.is_ended(); }));
  EXPECT_EQ(huge.status(), 413);
  EXPECT_TRUE(bodies.empty());
}

TEST_F(HttpBodies, AreNotReadWhenTheHeadIsRefused) {
  RawClient& client = node.add_client();
  client.send_bytes("POST /guarded/x HTTP/1.1\r\nHost: x\r\nContent-Length: 999\r\n\r\n");
  EXPECT_TRUE(node.run_until([&] { return client.is_ended(); }));
  EXPECT_EQ(client.status(), 401);
  RawClient& right = node.add_client();
  right.send_bytes(post_text("/guarded/x", "y", "X-Key: right\r\n"));
  EXPECT_TRUE(run_until_received(right, "in"));
}

TEST_F(HttpBodies, AreAskedForWhenTheClientWaits) {
  RawClient& client = node.add_client();
  const std::string request = post_text("/echo", "body", "Expect: 100-continue\r\n");
  client.send_bytes(request.substr(0, request.size() - 4));
  EXPECT_TRUE(run_until_received(client, "HTTP/1.1 100 Continue\r\n\r\n"));
  client.send_bytes("body");
  EXPECT_TRUE(run_until_received(client, "<body>"));
  RawClient& refused = node.add_client();
  refused.send_bytes(
      "POST /nothing HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 4\r\n\r\n");
  EXPECT_TRUE(node.run_until([&] { return refused.is_ended(); }));
  EXPECT_THAT(refused.http, StartsWith("HTTP/1.1 404 "));
}

TEST_F(HttpBodies, AreLeftOutOfTheAnswerToHead) {
  RawClient& client = node.add_client();
  client.send_bytes("HEAD /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
  EXPECT_TRUE(node.run_until([&] { return client.is_ended(); }));
  EXPECT_THAT(client.http, HasSubstr("\r\nContent-Length: 3\r\n"));
  EXPECT_THAT(client.http, EndsWith("\r\n\r\n"));
}

TEST_F(HttpBodies, CanBeFollowedByAnUpgrade) {
  RawClient& client = node.add_client();
  client.send_bytes(post_text("/echo", "x"));
  EXPECT_TRUE(run_until_received(client, "<x>"));
  client.http.clear();
  client.send_bytes(RawClient::upgrade_text() + RawClient::frame(R"({"id":1,"connect":{}})"));
  EXPECT_TRUE(node.run_until([&] { return client.events.lines.size() == 1; }));
}

TEST_F(HttpBodies, MayGoToAHandlerWhoseClientHasGone) {
  for (int i = 0; i < 4; ++i) node.add_client().send_bytes(post_text("/later", "x"));
  EXPECT_TRUE(node.run_until([&] { return answers.size() == 4; }));
  node.clients[0]->reset();
  node.clients[1]->reset();
  EXPECT_TRUE(node.run_until([&] { return node.metric("chirm_connections") == 2; }));
  node.clients[2]->shut_down();  // says no more, and still listens
  EXPECT_TRUE(node.run_for(50));
  for (const HttpAnswer& answer : answers) answer(text_response(200, "done"));
  EXPECT_TRUE(run_until_received(*node.clients[2], "done"));
  EXPECT_TRUE(run_until_received(*node.clients[3], "done"));
  EXPECT_TRUE(node.run_until([&] { return node.clients[2]->is_ended(); }));
  EXPECT_TRUE(node.clients[0]->http.empty());
}

TEST_F(HttpBodies, AreAnsweredWhileTheServerStops) {
  RawClient& handled = node.add_client();
  RawClient& idle = node.add_client();
  idle.send_bytes(kHealthz);
  EXPECT_TRUE(run_until_received(idle, "ok\n"));
  handled.send_bytes(post_text("/later", "x") + kHealthz);
  EXPECT_TRUE(node.run_until([&] { return answers.size() == 1; }));
  bool is_stopped = false;
  node.server.stop([&] { is_stopped = true; });
  EXPECT_TRUE(node.run_until([&] { return idle.is_ended(); }));
  EXPECT_FALSE(handled.is_ended());
  answers[0](text_response(200, "done"));
  EXPECT_TRUE(node.run_until([&] { return handled.is_ended(); }));
  EXPECT_THAT(handled.http, HasSubstr("Connection: close"));
  EXPECT_THAT(handled.http, EndsWith("done"));
  handled.close();
  EXPECT_TRUE(node.run_until([&] { return is_stopped; }));
}

TEST_F(HttpBodies, AreAnsweredLongToAClientThatReadsSlowly) {
  RawClient& client = node.add_client();
  client.stop_reading();
  client.send_bytes("GET /large HTTP/1.1\r\nHost: x\r\n\r\n" + std::string(kHealthz));
  EXPECT_TRUE(node.run_for(50));
  client.go_on_reading();
  EXPECT_TRUE(node.run_until([&] { return client.http.ends_with("ok\n"); }));
  EXPECT_EQ(count(client.http, "y"), 8'000'000U + 6);  // and those of the headers
}

class SlowHttp : public HttpBodies {
 protected:
  SlowHttp() : HttpBodies(impatient()) {}
};

TEST_F(SlowHttp, BodiesAreGivenUp) {
  RawClient& client = node.add_client();
  client.send_bytes("POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 10000\r\n\r\n");
  // Did each byte give it more time, the body would be complete in the end, and answered.
  EXPECT_TRUE(node.pass_until([&] {
    if (!client.is_ended()) client.send_bytes("x");
    return client.is_ended();
  }));
  EXPECT_EQ(client.status(), 408);
}

TEST_F(SlowHttp, HandlersAreGivenUp) {
  RawClient& client = node.add_client();
  client.send_bytes(post_text("/later", "x"));
  EXPECT_TRUE(node.run_until([&] { return answers.size() == 1; }));
  EXPECT_TRUE(node.pass_until([&] { return client.is_ended(); }));
  EXPECT_EQ(client.status(), 503);
  answers[0](text_response(200, "late"));
  EXPECT_TRUE(node.run_for(50));
  EXPECT_EQ(count(client.http, "HTTP/1.1"), 1U);
}

TEST_F(SlowHttp, ConnectionsWithoutRequestsAreEnded) {
  RawClient& client = node.add_client();
  client.send_bytes(kHealthz);
  EXPECT_TRUE(run_until_received(client, "ok\n"));
  EXPECT_TRUE(node.pass_until([&] { return client.is_ended(); }));
  EXPECT_THAT(client.http, EndsWith("ok\n"));
  EXPECT_FALSE(client.was_reset());
}

class BigAnswers : public HttpBodies {
 protected:
  BigAnswers() : HttpBodies(settings()) {
    node.server.router().add({"GET", "/huge", [](const HttpCall&, const HttpAnswer& answer) {
                                answer(text_response(200, std::string(kHuge, 'y')));
                              }});
  }
  static ServerSettings settings() {
    ServerSettings settings = impatient();
    settings.request_timeout_s = kPatienceS;
    settings.answer_timeout_s = kPatienceS;
    settings.keep_alive_s = 600;  // longer than any test runs: who waits for these, fails
    settings.close_timeout_s = 600;
    return settings;
  }
  RawClient& ask() {
    RawClient& client = node.add_client();
    client.send_bytes("GET /huge HTTP/1.1\r\nHost: x\r\n\r\n");
    EXPECT_TRUE(node.run_until([&] { return !client.http.empty(); }));
    client.stop_reading();
    return client;
  }
  static constexpr std::size_t kHuge = 60'000'000;
  static constexpr std::uint32_t kPatienceS = 60;
};

// Set together with an answer's own deadline, and a little later: it passes when the answer has had
// more time than it had at first.
class FirstDeadline final : public WheelEntry {
 public:
  FirstDeadline(TimerWheel& wheel, std::uint64_t patience_ms) {
    wheel.set(*this, patience_ms + 3 * TimerWheel::kTickMs);
  }
  void on_deadline() override { has_passed_ = true; }
  bool has_passed() const { return has_passed_; }

 private:
  bool has_passed_ = false;
};

TEST_F(BigAnswers, HaveTimeAsLongAsTheyAreRead) {
  RawClient& client = ask();
  TimerWheel wheel(node.loop);
  const FirstDeadline first(wheel, 1000ULL * kPatienceS);
  // A part now and then, five times as often as it must be, until the first deadline is over.
  while (!first.has_passed() && !client.is_ended()) {
    const std::size_t enough = client.http.size() + 5'000'000;
    ASSERT_LT(enough, kHuge) << "the answer is too short to be read for so long";
    client.go_on_reading();
    EXPECT_TRUE(node.run_until([&] { return client.http.size() >= enough || client.is_ended(); }));
    client.stop_reading();
    node.pass_ms(1000ULL * kPatienceS / 5);
  }
  EXPECT_TRUE(first.has_passed()) << "given up after " << client.http.size() << " bytes";
  client.go_on_reading();
  EXPECT_TRUE(node.run_until([&] { return client.http.size() > kHuge || client.is_ended(); }));
  EXPECT_GT(client.http.size(), kHuge);
}

TEST_F(BigAnswers, HoldUpNoNodeThatStopsWhenTheyHaveBeenRead) {
  RawClient& client = ask();
  bool is_stopped = false;
  node.server.stop([&] { is_stopped = true; });
  client.go_on_reading();
  EXPECT_TRUE(node.run_until([&] { return client.is_ended(); }));
  EXPECT_GT(client.http.size(), kHuge);
  client.close();
  EXPECT_TRUE(node.run_until([&] { return is_stopped; }));
}

}  // namespace
}  // namespace chirm
