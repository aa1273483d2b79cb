// SPDX-License-Identifier: MIT
// What a server answers to HTTP requests, good and bad ones.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <sstream>

#include "tests/support/server_node.h"

namespace chirm {
namespace {

using ::testing::AllOf;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using testing::RawClient;
using testing::ServerNode;
using ::testing::StartsWith;

class HttpRequests : public ::testing::Test {
 protected:
  // The whole response to `request`, sent in pieces of `piece` bytes.
  std::string answer(const std::string& request, std::size_t piece = SIZE_MAX) {
    RawClient& client = node.add_client();
    for (std::size_t at = 0; at < request.size(); at += std::min(piece, request.size() - at)) {
      client.send_bytes(std::string_view(request).substr(at, piece));
      if (piece != SIZE_MAX) {
        const auto got = at;
        EXPECT_TRUE(node.run_until([&] {
          return node.metric("chirm_received_bytes_total") >= received + static_cast<double>(got);
        }));
      }
    }
    EXPECT_TRUE(node.run_until([&] { return client.is_ended(); }));
    client.close();
    received = node.metric("chirm_received_bytes_total");
    return client.http;
  }

  ServerNode node;
  double received = 0;
};

std::string upgrade_with(const std::string& what, const std::string& instead) {
  std::string request = RawClient::upgrade_text("Connection: close\r\n");
  const std::size_t at = request.find(what);
  EXPECT_NE(at, std::string::npos) << what;
  return request.replace(at, what.size(), instead);
}

TEST_F(HttpRequests, AreAnsweredWithTheRightStatus) {
  const std::string kGet = " HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
  const std::vector<std::pair<std::string, int>> kCases = {
      {"GET /" + kGet, 200},
      {"GET /healthz" + kGet, 200},
      {"GET /readyz" + kGet, 200},
      {"GET /metrics?x=y" + kGet, 200},
      {"GET /healthz HTTP/1.0\r\n\r\n", 200},
      {"GET /nothing" + kGet, 404},
      {"GET /connection" + kGet, 404},
      {"GET /connection/websocket/x" + kGet, 404},
      {"POST /nothing HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc", 404},
      {"POST /healthz HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc", 405},
      {"GET /healthz HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc", 413},
      {"DELETE /metrics" + kGet, 405},
      {"garbage\r\n\r\n", 400},
      {std::string("\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 11), 400},  // TLS
      {"GET / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n", 411},
      {"GET / HTTP/1.1\r\nno colon\r\n\r\n", 400},
      {"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding : chunked\r\n\r\n0\r\n\r\n", 400},
      {"GET / HTTP/1.1\r\nConnection: close\r\n\r\n", 400},
      {"GET / HTTP/2.0\r\nHost: x\r\n\r\n", 505},
      {"GET /" + std::string(9'000, 'x') + " HTTP/1.1\r\n\r\n", 431},
      {"GET / HTTP/1.1\r\nX: " + std::string(100'000, 'x'), 431},
      // The upgrade
      {"GET /connection/websocket" + kGet, 400},
      {upgrade_with("GET", "POST"), 405},
      {upgrade_with("HTTP/1.1", "HTTP/1.0"), 400},
      {upgrade_with("Version: 13", "Version: 8"), 426},
      {upgrade_with("Sec-WebSocket-Version: 13\r\n", ""), 426},
      {upgrade_with("dGhlIHNhbXBsZSBub25jZQ==", "dGhlIHNhbXBsZQ=="), 400},
      {upgrade_with("Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n", ""), 400},
      {upgrade_with("Connection: Upgrade\r\n", ""), 400},
      {upgrade_with("Upgrade: websocket", "Upgrade: h2c"), 400},
      {upgrade_with("/websocket", "/websocket?format=protobuf"), 400},
      {upgrade_with("/websocket", "/websocket?cf_protocol=protobuf"), 400},
      {RawClient::upgrade_text("Sec-WebSocket-Protocol: centrifuge-protobuf\r\n"), 400},
  };
  std::map<int, int> expected;
  for (const auto& [request, status] : kCases) {
    const std::string response = answer(request);
    EXPECT_THAT(response, StartsWith("HTTP/1.1 " + std::to_string(status) + " "))
        << request.substr(0, 300);
    EXPECT_THAT(response, HasSubstr("\r\nConnection: close\r\n"));
    ++expected[status];
  }
  for (const auto& [status, count] : expected) {
    EXPECT_EQ(node.metric("chirm_http_responses_total{status=\"" + std::to_string(status) + "\"}"),
              count);
  }
  EXPECT_TRUE(node.run_until([&] { return node.metric("chirm_connections") == 0; }));
  EXPECT_EQ(node.metric("chirm_sessions"), 0);
}

TEST_F(HttpRequests, TellTheWayInARefusal) {
  EXPECT_THAT(answer(upgrade_with("Version: 13", "Version: 8")),
              HasSubstr("Sec-WebSocket-Version: 13\r\n"));
  EXPECT_THAT(answer("DELETE /metrics HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"),
              HasSubstr("Allow: GET, HEAD\r\n"));
  EXPECT_THAT(answer(upgrade_with("GET", "POST")), HasSubstr("Allow: GET\r\n"));
}

TEST_F(HttpRequests, AreAllAnsweredSafelyForBrowsers) {
  const std::string rest = " HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
  for (const std::string& request :
       {"GET /" + rest, "GET /healthz" + rest, "GET /readyz" + rest, "GET /metrics" + rest,
        "GET /nothing" + rest, "GET /auth/settings" + rest, "POST /auth/login" + rest,
        "POST /api/info" + rest, "DELETE /metrics" + rest, "GET /connection/websocket" + rest,
        std::string("garbage\r\n\r\n")}) {
    const std::string text = answer(request);
    EXPECT_THAT(text, AllOf(HasSubstr("\r\nX-Content-Type-Options: nosniff\r\n"),
                            HasSubstr("\r\nX-Frame-Options: DENY\r\n"),
                            HasSubstr("\r\nReferrer-Policy: no-referrer\r\n")))
        << request;
  }
}

TEST_F(HttpRequests, ToUpgradeAreRefusedToPagesOfOtherSites) {
  const std::string host = "Host: 127.0.0.1:1";
  const auto upgrade = [&](const std::string& origin) {
    std::string request = RawClient::upgrade_text("Origin: " + origin + "\r\n");
    const std::size_t at = request.find("Host: ");
    request.replace(at, request.find('\r', at) - at, host);
    RawClient& client = node.add_client();
    client.send_bytes(request);
    EXPECT_TRUE(node.run_until([&] { return client.is_upgraded() || client.is_ended(); }));
    return client.status();
  };
  EXPECT_EQ(upgrade("http://127.0.0.1:1"), 101);
  EXPECT_EQ(upgrade("https://127.0.0.1:1"), 403);
  EXPECT_EQ(upgrade("http://evil.example"), 403);
  EXPECT_EQ(upgrade("null"), 403);
  EXPECT_EQ(node.metric("chirm_http_responses_total{status=\"403\"}"), 3);
}

TEST_F(HttpRequests, MayComeByteByByte) {
  EXPECT_THAT(answer("GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", 1),
              AllOf(StartsWith("HTTP/1.1 200 OK\r\n"), EndsWith("\r\n\r\nok\n")));
}

TEST_F(HttpRequests, MayEndWithAHalfClose) {
  RawClient& client = node.add_client();
  client.send_bytes("GET /metrics HTTP/1.0\r\n\r\n");
  client.shut_down();
  EXPECT_TRUE(node.run_until([&] { return client.is_ended(); }));
  EXPECT_EQ(client.status(), 200);
  EXPECT_FALSE(client.was_reset());
  EXPECT_THAT(client.http, EndsWith("\n"));
}

TEST_F(HttpRequests, EndTheConnectionWithTheLastResponseWhateverFollows) {
  RawClient& client = node.add_client();
  client.send_bytes("GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n" +
                    std::string(300'000, 'x'));
  EXPECT_TRUE(node.run_until([&] { return client.is_ended() && client.has_sent_all(); }));
  EXPECT_THAT(client.http, EndsWith("\r\n\r\nok\n"));
  EXPECT_FALSE(client.was_reset());
}

TEST_F(HttpRequests, UpgradeWithTheFirstFramesRightBehind) {
  RawClient& client = node.add_client();
  const std::string third = RawClient::frame(R"({"id":3,"rpc":{}})");
  client.send_bytes(RawClient::upgrade_text() +
                    RawClient::frame("{\"id\":1,\"connect\":{}}\n{\"id\":2,\"rpc\":{}}") +
                    third.substr(0, 9));
  EXPECT_TRUE(node.run_until([&] { return client.events.lines.size() == 2; }));
  EXPECT_EQ(client.events.lines[1], "2 error 104");
  client.send_bytes(third.substr(9));
  EXPECT_TRUE(node.run_until([&] { return client.events.has("3 error 104"); }));
}

TEST_F(HttpRequests, UpgradeByteByByteWithFrames) {
  RawClient& client = node.add_client();
  const std::string all = RawClient::upgrade_text() + RawClient::frame(R"({"id":1,"connect":{}})") +
                          RawClient::frame(R"({"id":2,"rpc":{}})");
  std::size_t at = 0;
  EXPECT_TRUE(node.run_until([&] {
    // A byte a turn, so that each is read alone.
    if (at < all.size()) client.send_bytes(std::string_view(all).substr(at++, 1));
    return client.events.lines.size() == 2;
  }));
  EXPECT_EQ(client.events.lines[1], "2 error 104");
}

TEST_F(HttpRequests, SelectTheJsonSubprotocolOnlyWhenItIsOffered) {
  RawClient& plain = node.add_websocket();
  EXPECT_THAT(plain.http, ::testing::Not(HasSubstr("Sec-WebSocket-Protocol")));
  RawClient& offering = node.add_client();
  // The client library takes no subprotocol that it did not ask for; so the text is enough.
  offering.send_upgrade("Sec-WebSocket-Protocol: centrifuge-protobuf, centrifuge-json\r\n");
  EXPECT_TRUE(node.run_until([&] { return !offering.http.empty(); }));
  EXPECT_THAT(offering.http, HasSubstr("\r\nSec-WebSocket-Protocol: centrifuge-json\r\n"));
}

TEST_F(HttpRequests, ThatNeverEndAreGivenUp) {
  ServerSettings settings = ServerNode::server_settings();
  settings.request_timeout_s = 1;
  ServerNode impatient(settings);
  RawClient& silent = impatient.add_client();
  RawClient& slow = impatient.add_client();
  slow.send_bytes("GET / HTTP/1.1\r\nHost:");
  RawClient& websocket = impatient.add_subscriber();
  EXPECT_TRUE(impatient.pass_until([&] { return silent.is_ended() && slow.is_ended(); }));
  impatient.pass_ms(500);
  EXPECT_TRUE(impatient.run_for(50));
  EXPECT_FALSE(websocket.is_ended());
}

TEST_F(HttpRequests, ForMetricsGetThePrometheusTextFormat) {
  RawClient& subscriber = node.add_subscriber();
  subscriber.send(R"({"id":3,"publish":{"channel":"room:a","data":1}})");
  EXPECT_TRUE(node.run_until([&] { return subscriber.events.lines.size() == 2; }));
  const std::string response =
      answer("GET /metrics HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
  EXPECT_THAT(response, HasSubstr("Content-Type: text/plain; version=0.0.4; charset=utf-8\r\n"));
  // Content-Length is right.
  const std::size_t body_at = response.find("\r\n\r\n") + 4;
  EXPECT_THAT(response, HasSubstr("Content-Length: " + std::to_string(response.size() - body_at)));
  const char* kComment = "# (HELP|TYPE) chirm_[a-z_]+ .+";
  const char* kSample = "chirm_[a-z_]+(\\{[a-z]+=\"[^\"]*\"\\})? ([0-9.e+-]+|Inf)";
  std::istringstream body(response.substr(body_at));
  int samples = 0;
  for (std::string line; std::getline(body, line);) {
    const bool is_comment = line.starts_with('#');
    EXPECT_THAT(line, ::testing::MatchesRegex(is_comment ? kComment : kSample));
    samples += is_comment ? 0 : 1;
  }
  EXPECT_GT(samples, 20);
  EXPECT_EQ(node.metric("chirm_sessions"), 1);
  EXPECT_EQ(node.metric("chirm_subscriptions"), 1);
  EXPECT_EQ(node.metric("chirm_publications_total"), 1);
  EXPECT_EQ(node.metric("chirm_deliveries_total"), 1);
  EXPECT_EQ(node.metric("chirm_delivery_seconds_count"), 1);
  EXPECT_EQ(node.metric("chirm_delivery_seconds_bucket{le=\"16.777216\"}"), 1);
  EXPECT_GT(node.metric("chirm_turn_seconds_count"), 3);
  EXPECT_EQ(node.metric("chirm_broker_ready{store=\"memory\"}"), 1);
}

}  // namespace
}  // namespace chirm
