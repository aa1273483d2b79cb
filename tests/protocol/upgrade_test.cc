// SPDX-License-Identifier: MIT
// The opening handshake of RFC 6455 §4, both sides.
#include <gmock/gmock.h>

#include "protocol/http.h"
#include "protocol/http_response.h"

namespace chirm {
namespace {

using testing::HasSubstr;
using testing::Not;

// RFC 6455 §1.3.
constexpr std::string_view kKey = "dGhlIHNhbXBsZSBub25jZQ==";
constexpr std::string_view kAccept = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=";

using Headers = std::vector<std::pair<std::string, std::string>>;

Headers good_headers() {
  return {{"Host", "server.example.com"},
          {"Upgrade", "websocket"},
          {"Connection", "Upgrade"},
          {"Sec-WebSocket-Key", std::string(kKey)},
          {"Sec-WebSocket-Version", "13"}};
}

Headers with(const std::string& name, const std::string& value) {
  Headers headers = good_headers();
  for (auto& header : headers) {
    if (header.first == name) header.second = value;
  }
  return headers;
}

Headers without(const std::string& name) {
  Headers headers = good_headers();
  std::erase_if(headers, [&](const auto& header) { return header.first == name; });
  return headers;
}

Headers plus(const std::string& name, const std::string& value) {
  Headers headers = good_headers();
  headers.emplace_back(name, value);
  return headers;
}

Expected<std::string, HttpError> accept(const Headers& headers,
                                        const std::string& line = "GET /chat HTTP/1.1") {
  std::string text = line + "\r\n";
  for (const auto& [name, value] : headers) text += name + ": " + value + "\r\n";
  const auto parsed = parse_http_request(text + "\r\n");
  if (!parsed) return Unexpected<HttpError>(parsed.error());
  EXPECT_TRUE(*parsed) << text;
  return accept_upgrade(**parsed);
}

int refusal(const Headers& headers, const std::string& line = "GET /chat HTTP/1.1") {
  const auto accepted = accept(headers, line);
  return accepted ? 0 : accepted.error().status;
}

TEST(Upgrade, AnswersTheExampleOfTheRfc) {
  const auto response = accept(good_headers());
  ASSERT_TRUE(response);
  EXPECT_EQ(*response,
            "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            "Sec-WebSocket-Accept: " +
                std::string(kAccept) + "\r\n\r\n");
}

TEST(Upgrade, HasNoBody) {
  EXPECT_EQ(refusal(plus("Content-Length", "0")), 0);
  EXPECT_EQ(refusal(plus("Content-Length", "5")), 400);
}

TEST(Upgrade, TakesHeadersAsBrowsersAndProxiesSendThem) {
  EXPECT_EQ(refusal(with("Connection", "keep-alive, Upgrade")), 0);
  EXPECT_EQ(refusal(with("Connection", "keep-alive ,upgrade")), 0);
  EXPECT_EQ(refusal(with("Upgrade", "WebSocket")), 0);
  EXPECT_EQ(refusal(plus("Connection", "keep-alive")), 0);
  EXPECT_EQ(refusal(plus("Sec-WebSocket-Extensions", "permessage-deflate")), 0);
  EXPECT_EQ(refusal(plus("Origin", "https://chat.example")), 0);
}

TEST(Upgrade, RefusesWhatIsNotAnUpgrade) {
  EXPECT_EQ(refusal(good_headers(), "POST /chat HTTP/1.1"), 405);
  EXPECT_EQ(refusal(good_headers(), "GET /chat HTTP/1.0"), 400);
  EXPECT_EQ(refusal(without("Upgrade")), 400);
  EXPECT_EQ(refusal(without("Connection")), 400);
  EXPECT_EQ(refusal(without("Host")), 400);
  EXPECT_EQ(refusal(with("Upgrade", "h2c")), 400);
  EXPECT_EQ(refusal(with("Upgrade", "websockets")), 400);
  EXPECT_EQ(refusal(with("Connection", "close")), 400);
}

TEST(Upgrade, RefusesABadKey) {
  EXPECT_EQ(refusal(without("Sec-WebSocket-Key")), 400);
  EXPECT_EQ(refusal(plus("Sec-WebSocket-Key", std::string(kKey))), 400);
  for (const auto key :
       {"", "x", "dGhlIHNhbXBsZSBub25jZQ", "dGhlIHNhbXBsZSBub25jZQ=", "dGhlIHNhbXBsZSBub25j",
        "dGhlIHNhbXBsZSBub25jZR==", "dGhlIHNhbXBsZSBub25jZSBsb25n", "dGhlIHNhbXBsZSBub-5jZQ=="}) {
    EXPECT_EQ(refusal(with("Sec-WebSocket-Key", key)), 400) << key;
  }
}

TEST(Upgrade, Answers426ToOtherVersions) {
  EXPECT_EQ(refusal(with("Sec-WebSocket-Version", "8")), 426);
  EXPECT_EQ(refusal(with("Sec-WebSocket-Version", "013")), 426);
  EXPECT_EQ(refusal(without("Sec-WebSocket-Version")), 426);
}

TEST(Upgrade, SelectsTheJsonSubprotocol) {
  const std::string selected = "\r\nSec-WebSocket-Protocol: centrifuge-json\r\n";
  EXPECT_THAT(*accept(plus("Sec-WebSocket-Protocol", "centrifuge-json")), HasSubstr(selected));
  EXPECT_THAT(*accept(plus("Sec-WebSocket-Protocol", "centrifuge-protobuf, centrifuge-json")),
              HasSubstr(selected));
  EXPECT_THAT(*accept(plus("Sec-WebSocket-Protocol", "chat")),
              Not(HasSubstr("Sec-WebSocket-Protocol")));
}

TEST(Upgrade, RefusesClientsThatInsistOnProtobuf) {
  EXPECT_EQ(refusal(plus("Sec-WebSocket-Protocol", "centrifuge-protobuf")), 400);
  EXPECT_EQ(refusal(good_headers(), "GET /c?format=protobuf HTTP/1.1"), 400);
  EXPECT_EQ(refusal(good_headers(), "GET /c?a=1&cf_protocol=protobuf HTTP/1.1"), 400);
  EXPECT_EQ(refusal(good_headers(), "GET /c?xformat=protobuf HTTP/1.1"), 0);
  EXPECT_EQ(refusal(good_headers(), "GET /c?format=json HTTP/1.1"), 0);
}

TEST(UpgradeClient, ServerAcceptsWhatTheClientAsks) {
  constexpr std::uint8_t kRandom[16] = {1, 2, 3, 250, 251, 252, 253, 254, 255, 0};
  const std::string key = make_websocket_key(kRandom);
  const auto request = parse_http_request(upgrade_request("h:8000", "/c?x", key));
  ASSERT_TRUE(request && *request);
  EXPECT_EQ((*request)->target, "/c?x");
  EXPECT_EQ((*request)->header("host"), "h:8000");
  EXPECT_EQ((*request)->header("origin"), std::nullopt);
  const auto response = accept_upgrade(**request);
  ASSERT_TRUE(response);
  for (std::size_t size = 0; size < response->size(); ++size) {
    const auto partial = parse_upgrade_response(std::string_view(*response).substr(0, size), key);
    ASSERT_TRUE(partial) << size;
    EXPECT_FALSE(*partial) << size;
  }
  const auto parsed = parse_upgrade_response(*response + "\x81\x02{}", key);
  ASSERT_TRUE(parsed && *parsed);
  EXPECT_EQ(**parsed, response->size());
}

std::string upgrade_error(const std::string& response) {
  const auto parsed = parse_upgrade_response(response, kKey);
  return parsed ? "" : parsed.error();
}

TEST(UpgradeClient, SaysWhatTheServerAnsweredInstead) {
  EXPECT_EQ(upgrade_error(encode_response(error_response({503, "Full."}))),
            "HTTP 503 Service Unavailable");
  EXPECT_EQ(upgrade_error("HTTP/1.1 200 OK\r\n\r\n"), "HTTP 200 OK");
  EXPECT_EQ(upgrade_error("SSH-2.0-OpenSSH_9\r\n"), "not an HTTP response");
  EXPECT_NE(upgrade_error("HTTP/1.1 101 X\r\nA: " + std::string(9000, 'x')), "");
}

TEST(UpgradeClient, ChecksThe101) {
  const std::string start = "HTTP/1.1 101 Switching Protocols\r\n";
  const std::string upgrade = "Upgrade: WebSocket\r\n";
  const std::string connection = "connection: upgrade\r\n";
  const std::string accept = "Sec-WebSocket-Accept: " + std::string(kAccept) + "\r\n";
  EXPECT_EQ(upgrade_error(start + upgrade + connection + accept + "\r\n"), "");
  EXPECT_NE(upgrade_error(start + connection + accept + "\r\n"), "");
  EXPECT_NE(upgrade_error(start + upgrade + accept + "\r\n"), "");
  EXPECT_NE(upgrade_error(start + upgrade + connection + "\r\n"), "");
  EXPECT_NE(upgrade_error(start + upgrade + connection + "Sec-WebSocket-Accept: x\r\n\r\n"), "");
  EXPECT_NE(upgrade_error(start + upgrade + connection + accept +
                          "Sec-WebSocket-Extensions: permessage-deflate\r\n\r\n"),
            "");
  EXPECT_NE(upgrade_error(start + upgrade + connection + accept +
                          "Sec-WebSocket-Protocol: centrifuge-json\r\n\r\n"),
            "");
}

}  // namespace
}  // namespace chirm
