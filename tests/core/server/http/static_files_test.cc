// SPDX-License-Identifier: MIT
#include "core/server/http/static_files.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>

namespace chirm {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

constexpr std::array<StaticFile, 2> kFiles = {{
    {"/", "text/html; charset=utf-8", "aa", false, "<html>", "GZ", "B"},
    {"/assets/chat-x1.js", "text/javascript; charset=utf-8", "bb", true, "let a", "", ""},
}};

HttpRequest request(std::string target,
                    std::vector<std::pair<std::string, std::string>> headers = {}) {
  HttpRequest made;
  made.method = "GET";
  made.target = std::move(target);
  made.headers = std::move(headers);
  return made;
}

struct FileAnswer {
  int status = 0;
  std::string headers;  // lines
  std::string body;
};

FileAnswer answer(const HttpRequest& asked) {
  const auto response = static_response(kFiles, asked);
  if (!response) return {404, "", ""};
  const std::string text = encode_response(*response);
  return {response->status, text.substr(0, text.find("\r\n\r\n") + 2),
          std::string(response->lasting_body)};
}

TEST(StaticFiles, KnowsItsPathsOnly) {
  EXPECT_EQ(answer(request("/")).status, 200);
  EXPECT_EQ(answer(request("/?room=x")).body, "<html>");
  for (const char* path : {"/x", "//", "/../", "/assets/", "/assets/chat-x1.js/", "", "/%2F"}) {
    EXPECT_FALSE(static_response(kFiles, request(path))) << path;
  }
}

TEST(StaticFiles, SaysTypeAndLength) {
  const FileAnswer script = answer(request("/assets/chat-x1.js"));
  EXPECT_THAT(script.headers, HasSubstr("Content-Type: text/javascript; charset=utf-8\r\n"));
  EXPECT_THAT(script.headers, HasSubstr("Content-Length: 5\r\n"));
  EXPECT_EQ(script.body, "let a");
}

TEST(StaticFiles, LetsOnlyHashedFilesBeKeptWithoutAsking) {
  EXPECT_THAT(answer(request("/assets/chat-x1.js")).headers, HasSubstr("immutable"));
  EXPECT_THAT(answer(request("/")).headers, HasSubstr("Cache-Control: no-cache\r\n"));
}

TEST(StaticFiles, PicksTheBestEncodingThatTheClientTakes) {
  const auto body = [](std::string accepted) {
    return answer(request("/", {{"accept-encoding", std::move(accepted)}})).body;
  };
  EXPECT_EQ(body("gzip, deflate, br"), "B");
  EXPECT_EQ(body("GZip"), "GZ");
  EXPECT_EQ(body("gzip;q=0.5, br;q=0"), "GZ");
  EXPECT_EQ(body("br; q=0.000,gzip ; Q=0"), "<html>");
  EXPECT_EQ(body("brx, xgzip, *"), "<html>");
  EXPECT_EQ(body(""), "<html>");
  EXPECT_EQ(body(",;,;;q=,gzip"), "GZ");
}

TEST(StaticFiles, NamesTheEncodingAndLetsCachesTellThemApart) {
  const FileAnswer packed = answer(request("/", {{"accept-encoding", "br"}}));
  EXPECT_THAT(packed.headers, HasSubstr("Content-Encoding: br\r\n"));
  EXPECT_THAT(packed.headers, HasSubstr("ETag: \"aa-br\"\r\n"));
  const FileAnswer plain = answer(request("/"));
  EXPECT_THAT(plain.headers, Not(HasSubstr("Content-Encoding")));
  EXPECT_THAT(plain.headers, HasSubstr("ETag: \"aa\"\r\n"));
  for (const auto& each : {packed, plain}) {
    EXPECT_THAT(each.headers, HasSubstr("Vary: Accept-Encoding\r\n"));
  }
}

TEST(StaticFiles, SendsNothingThatTheClientHas) {
  const auto status = [](std::string tags) {
    return answer(request("/", {{"if-none-match", std::move(tags)}})).status;
  };
  EXPECT_EQ(status("\"aa\""), 304);
  EXPECT_EQ(status("\"zz\", W/\"aa\""), 304);
  EXPECT_EQ(status("*"), 304);
  EXPECT_EQ(status("\"aa-br\""), 200);  // another encoding than asked for now
  EXPECT_EQ(status("aa"), 200);
  const FileAnswer unchanged = answer(request("/", {{"if-none-match", "\"aa\""}}));
  EXPECT_EQ(unchanged.body, "");
  EXPECT_THAT(unchanged.headers, HasSubstr("ETag: \"aa\"\r\n"));
}

TEST(StaticFiles, AllowsThePageNoCodeButItsOwn) {
  const std::string headers = answer(request("/")).headers;
  EXPECT_THAT(headers, HasSubstr("default-src 'none'; script-src 'self'; style-src 'self';"));
  EXPECT_THAT(headers, HasSubstr("frame-ancestors 'none'"));
  EXPECT_THAT(headers, Not(HasSubstr("unsafe")));
}

}  // namespace
}  // namespace chirm
