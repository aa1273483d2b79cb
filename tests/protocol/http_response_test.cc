// SPDX-License-Identifier: MIT
#include "protocol/http_response.h"

#include <gmock/gmock.h>

#include "protocol/http.h"

namespace chirm {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

TEST(HttpResponse, IsComplete) {
  EXPECT_EQ(encode_response({200, "application/json", "{}"}),
            "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\n"
            "Connection: close\r\n\r\n{}");
}

TEST(HttpResponse, MayHaveOthersBehindIt) {
  EXPECT_EQ(encode_response({200, "", "x"}, {.is_last = false}),
            "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx");
  EXPECT_THAT(encode_response({200, "", "x"}, {.is_last = false, .is_1_0 = true}),
              HasSubstr("\r\nConnection: keep-alive\r\n"));
}

TEST(HttpResponse, ToHeadHasTheLengthOfTheBodyOnly) {
  EXPECT_EQ(encode_response({200, "", "abc"}, {.is_last = false, .has_body = false}),
            "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n");
}

TEST(HttpResponse, ThatNothingHasChangedHasNoBody) {
  EXPECT_EQ(encode_response({304, "", "abc", {{"ETag", "\"x\""}}}, {.is_last = false}),
            "HTTP/1.1 304 Not Modified\r\nETag: \"x\"\r\n\r\n");
}

TEST(HttpResponse, OfAnErrorSaysWhy) {
  const std::string response = encode_response(error_response({431, "Too long."}));
  EXPECT_THAT(response, StartsWith("HTTP/1.1 431 Request Header Fields Too Large\r\n"));
  EXPECT_THAT(response, HasSubstr("\r\n\r\nToo long.\n"));
}

TEST(HttpResponse, NamesTheVersionOfAWebSocketThatWouldBeRight) {
  EXPECT_THAT(encode_response(error_response({426, "x"})),
              HasSubstr("\r\nSec-WebSocket-Version: 13\r\n"));
}

TEST(HttpResponse, OfAnErrorInJsonIsEscaped) {
  const HttpResponse response = json_error(400, "bad_request", "not \"that\"");
  EXPECT_EQ(response.content_type, "application/json");
  EXPECT_EQ(response.body, R"({"error":{"code":"bad_request","message":"not \"that\""}})");
}

}  // namespace
}  // namespace chirm
