// SPDX-License-Identifier: MIT
#include "protocol/http_reply.h"

#include <gtest/gtest.h>

namespace chirm {
namespace {

// Fed byte by byte; the error where there is one.
Expected<HttpReply, std::string> read_slowly(std::string_view bytes) {
  HttpReplyReader reader;
  for (const char& byte : bytes) {
    const auto complete = reader.feed({&byte, 1});
    if (!complete) return Unexpected<std::string>(complete.error());
    if (*complete) return reader.take();
  }
  const auto complete = reader.end();
  if (!complete) return Unexpected<std::string>(complete.error());
  return reader.take();
}

TEST(HttpRequest, SaysHowLongItsBodyIs) {
  EXPECT_EQ(http_request("POST", "h:80", "/auth/login", "{}"),
            "POST /auth/login HTTP/1.1\r\nHost: h:80\r\nAccept: application/json\r\n"
            "Connection: close\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}");
  EXPECT_EQ(http_request("GET", "h:80", "/x", ""),
            "GET /x HTTP/1.1\r\nHost: h:80\r\nAccept: application/json\r\n"
            "Connection: close\r\n\r\n");
}

TEST(HttpReplyReader, ReadsABodyOfAKnownLength) {
  const auto reply = read_slowly("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello");
  ASSERT_TRUE(reply);
  EXPECT_EQ(reply->status, 200);
  EXPECT_EQ(reply->body, "hello");
  EXPECT_EQ(reply->retry_after_s, std::nullopt);
}

TEST(HttpReplyReader, ReadsChunks) {
  const auto reply = read_slowly(
      "HTTP/1.1 503 Busy\r\nRetry-AFTER: 7\r\nTransfer-Encoding: chunked\r\n\r\n"
      "3\r\nhel\r\n2\r\nlo\r\n0\r\n\r\n");
  ASSERT_TRUE(reply);
  EXPECT_EQ(reply->status, 503);
  EXPECT_EQ(reply->body, "hello");
  EXPECT_EQ(reply->retry_after_s, 7);
}

TEST(HttpReplyReader, ReadsToTheEndOfTheConnection) {
  const auto reply = read_slowly("HTTP/1.0 404 Not Found\r\n\r\nno");
  ASSERT_TRUE(reply);
  EXPECT_EQ(reply->status, 404);
  EXPECT_EQ(reply->body, "no");
}

TEST(HttpReplyReader, SaysWhatIsWrong) {
  EXPECT_EQ(read_slowly("SSH-2.0-x\r\n\r\n").error(), "not an HTTP response");
  EXPECT_EQ(read_slowly("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhel").error(),
            "the server closed the connection before it answered");
  EXPECT_EQ(read_slowly("").error(), "the server closed the connection before it answered");
  EXPECT_EQ(read_slowly("HTTP/1.1 200 OK\r\nX: " + std::string(9000, 'x') + "\r\n\r\n").error(),
            "an HTTP response that is too long");
  HttpReplyReader reader;
  ASSERT_TRUE(reader.feed("HTTP/1.1 200 OK\r\n\r\n"));
  const auto fed = reader.feed(std::string(HttpReplyReader::kBodyBytesMax + 1, 'x'));
  ASSERT_FALSE(fed);
  EXPECT_EQ(fed.error(), "an HTTP response that is too long");
}

}  // namespace
}  // namespace chirm
