// SPDX-License-Identifier: MIT
#include "protocol/http.h"

#include <gmock/gmock.h>

#include "protocol/limits.h"

namespace chirm {
namespace {

using testing::Eq;
using testing::Optional;

constexpr std::string_view kRequest =
    "POST /api/publish?a=1&b=2 HTTP/1.1\r\n"
    "Host: chat.example\r\n"
    "X-API-Key:  secret \r\n"
    "Content-Length: 5\r\n"
    "\r\n";

int error_of(std::string_view bytes) {
  const auto parsed = parse_http_request(bytes);
  return parsed ? 0 : parsed.error().status;
}

TEST(HttpRequest, ReadsLineAndHeaders) {
  const auto parsed = parse_http_request(std::string(kRequest) + "hello");
  ASSERT_TRUE(parsed && *parsed);
  const HttpRequest& request = **parsed;
  EXPECT_EQ(request.method, "POST");
  EXPECT_EQ(request.target, "/api/publish?a=1&b=2");
  EXPECT_EQ(request.path(), "/api/publish");
  EXPECT_EQ(request.query(), "a=1&b=2");
  EXPECT_THAT(request.header("x-api-key"), Optional(Eq("secret")));
  EXPECT_EQ(request.header("authorization"), std::nullopt);
  EXPECT_EQ(request.content_length, 5u);
  EXPECT_EQ(request.head_bytes, kRequest.size());
  EXPECT_FALSE(request.wants_upgrade);
}

TEST(HttpRequest, WithoutQueryOrBodyHasNone) {
  const auto parsed = parse_http_request("GET /health HTTP/1.0\r\n\r\n");
  ASSERT_TRUE(parsed && *parsed);
  EXPECT_EQ((*parsed)->path(), "/health");
  EXPECT_EQ((*parsed)->query(), "");
  EXPECT_EQ((*parsed)->content_length, 0u);
  EXPECT_TRUE((*parsed)->headers.empty());
}

TEST(HttpRequest, IsIncompleteUntilTheEmptyLine) {
  for (std::size_t size = 0; size < kRequest.size(); ++size) {
    const auto parsed = parse_http_request(kRequest.substr(0, size));
    ASSERT_TRUE(parsed) << size;
    EXPECT_FALSE(*parsed) << size;
  }
  EXPECT_TRUE(*parse_http_request(kRequest));
}

TEST(HttpRequest, FramesMayFollowTheHeadAtOnce) {
  const std::string head =
      "GET /c HTTP/1.1\r\nHost: h\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n";
  const auto parsed = parse_http_request(head + "\x81\x85\r\n\r\n");
  ASSERT_TRUE(parsed && *parsed);
  EXPECT_EQ((*parsed)->head_bytes, head.size());
  EXPECT_TRUE((*parsed)->wants_upgrade);
}

TEST(HttpRequest, Refuses400WhatIsNotHttp) {
  for (const auto text : {"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03", "hello\r\n\r\n",
                          "GET / HTTP/1.1\r\nno colon\r\n\r\n", "GET\r\n\r\n", "{}\n",
                          "GET / HTTP/1.1\r\nContent-Length: x\r\n\r\n",
                          "GET / HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n"}) {
    EXPECT_EQ(error_of(text), 400) << text;
  }
}

// What http-parser takes for another header than whoever stands before it.
TEST(HttpRequest, Refuses400NamesThatAreNone) {
  for (const std::string name : {"Transfer-Encoding ", "Transfer-Encoding\t", "Content-Length ",
                                 "X Y", "(x)", "x@y", "a/b", "\"a\""}) {
    const std::string value = name[0] == 'T' ? ": chunked" : ": 5";
    EXPECT_EQ(error_of("POST / HTTP/1.1\r\nHost: x\r\n" + name + value + "\r\n\r\n5\r\nhello"), 400)
        << name;
  }
  EXPECT_EQ(error_of("GET / HTTP/1.1\r\nHost: x\r\n!#$%&'*+-.^_`|~9: x\r\n\r\n"), 0);
}

// RFC 9112 §3.2
// RFC 9112 §2.2. To a reader that takes the byte behind a CR for a line feed, these have a second
// header or end earlier.
TEST(HttpRequest, Refuses400ACrWithoutALineFeed) {
  EXPECT_EQ(error_of("GET / HTTP/1.1\r\nHost: h\r\nX:\rZContent-Length: 5\r\n\r\n"), 400);
  EXPECT_EQ(error_of("GET / HTTP/1.1\r\nHost: h\r\n\rGET /b HTTP/1.1\r\n\r\n"), 400);
  EXPECT_EQ(error_of("GET / HTTP/1.1\r\nHost: h\r\nX: a\rb\r\n\r\n"), 400);
  // Behind the head it is nobody's business here.
  EXPECT_EQ(error_of("GET / HTTP/1.1\r\nHost: h\r\n\r\n\rx"), 0);
}

TEST(HttpRequest, Refuses400OtherThanOneHost) {
  EXPECT_EQ(error_of("GET / HTTP/1.1\r\n\r\n"), 400);
  EXPECT_EQ(error_of("GET / HTTP/1.1\r\nHost: x\r\nHost: x\r\n\r\n"), 400);
  EXPECT_EQ(error_of("GET / HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n"), 400);
  EXPECT_EQ(error_of("GET / HTTP/1.1\r\nhOST: x\r\n\r\n"), 0);
  EXPECT_EQ(error_of("GET / HTTP/1.0\r\n\r\n"), 0);
}

TEST(HttpRequest, Refuses411ABodyOfUnknownLength) {
  EXPECT_EQ(error_of("POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"), 411);
}

TEST(HttpRequest, Refuses505OtherVersions) {
  EXPECT_EQ(error_of("GET / HTTP/2.0\r\n\r\n"), 505);
  EXPECT_EQ(error_of("GET / HTTP/0.9\r\n\r\n"), 505);
}

TEST(HttpRequest, Refuses431AHeadBeyondTheLimit) {
  const std::string start = "GET / HTTP/1.1\r\nHost: x\r\nX: ";
  const auto head = [&](std::size_t bytes) {
    return start + std::string(bytes - start.size() - 4, 'x') + "\r\n\r\n";
  };
  EXPECT_TRUE(*parse_http_request(head(limits::kHttpHeadBytes)));
  EXPECT_TRUE(*parse_http_request(head(limits::kHttpHeadBytes) + "and a body"));
  EXPECT_EQ(error_of(head(limits::kHttpHeadBytes + 1)), 431);
  EXPECT_EQ(error_of(start + std::string(limits::kHttpHeadBytes, 'x')), 431);
  EXPECT_EQ(error_of("GET /" + std::string(limits::kHttpHeadBytes, 'x')), 431);
  EXPECT_FALSE(*parse_http_request(head(limits::kHttpHeadBytes).substr(0, 8000)));
}

TEST(HttpRequest, SaysWhetherOthersMayFollow) {
  const auto is_last = [](const std::string& version, const std::string& headers) {
    const auto parsed =
        parse_http_request("GET / HTTP/" + version + "\r\nHost: x\r\n" + headers + "\r\n");
    EXPECT_TRUE(parsed && *parsed);
    return (*parsed)->is_last;
  };
  EXPECT_FALSE(is_last("1.1", ""));
  EXPECT_FALSE(is_last("1.1", "Connection: Keep-Alive\r\n"));
  EXPECT_TRUE(is_last("1.1", "Connection: x, Close\r\n"));
  EXPECT_TRUE(is_last("1.0", ""));
  EXPECT_FALSE(is_last("1.0", "Connection: keep-alive\r\n"));
}

TEST(HttpRequest, SaysWhetherItsBodyWaitsForA100) {
  const auto expects = [](const std::string& text) {
    const auto parsed = parse_http_request(text);
    EXPECT_TRUE(parsed && *parsed);
    return (*parsed)->expects_continue;
  };
  EXPECT_TRUE(expects("POST / HTTP/1.1\r\nHost: x\r\nExpect: 100-Continue\r\n\r\n"));
  EXPECT_FALSE(expects("POST / HTTP/1.0\r\nExpect: 100-continue\r\n\r\n"));
  EXPECT_FALSE(expects("POST / HTTP/1.1\r\nHost: x\r\n\r\n"));
}

}  // namespace
}  // namespace chirm
