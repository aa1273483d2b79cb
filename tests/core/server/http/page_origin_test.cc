// SPDX-License-Identifier: MIT
#include "core/server/http/page_origin.h"

#include <gtest/gtest.h>

namespace chirm {
namespace {

const ClientOrigin kHttp{"192.0.2.1", false, false};
const ClientOrigin kHttps{"192.0.2.1", true, false};
const ClientOrigin kUntold{"192.0.2.1", false, true};

bool is_allowed(const std::string& origin, const std::string& host, const ClientOrigin& client,
                const std::vector<std::string>& allowed = {}) {
  HttpRequest request;
  request.headers = {{"host", host}, {"origin", origin}};
  return is_allowed_page(request, client, allowed);
}

TEST(PageOrigin, IsOursWithOurHostPortAndScheme) {
  EXPECT_TRUE(is_allowed("http://chat.example", "chat.example", kHttp));
  EXPECT_TRUE(is_allowed("https://chat.example", "chat.example", kHttps));
  EXPECT_TRUE(is_allowed("http://chat.example:8080", "chat.example:8080", kHttp));
  EXPECT_TRUE(is_allowed("http://[::1]:8080", "[::1]:8080", kHttp));
  EXPECT_TRUE(is_allowed("http://chat.example", "Chat.Example:80", kHttp));
  EXPECT_TRUE(is_allowed("https://chat.example", "chat.example:443", kHttps));
}

TEST(PageOrigin, IsAnothersWhereAnythingDiffers) {
  for (const std::string origin :
       {"http://evil.example", "http://chat.example.evil", "http://chat.example:81", "null", "",
        "chat.example", "ftp://chat.example", "http://", "http://chat.example/"}) {
    EXPECT_FALSE(is_allowed(origin, "chat.example", kHttp)) << origin;
  }
  EXPECT_FALSE(is_allowed("http://chat.example", "chat.example", kHttps));
  EXPECT_FALSE(is_allowed("https://chat.example", "chat.example", kHttp));
  EXPECT_FALSE(is_allowed("http://chat.example", "chat.example:443", kHttp));
}

TEST(PageOrigin, MayHaveEitherSchemeWhereAProxySaysNone) {
  EXPECT_TRUE(is_allowed("http://chat.example", "chat.example", kUntold));
  EXPECT_TRUE(is_allowed("https://chat.example", "chat.example", kUntold));
  EXPECT_FALSE(is_allowed("https://evil.example", "chat.example", kUntold));
}

TEST(PageOrigin, MayBeNamedByTheOperator) {
  const std::vector<std::string> allowed = {"https://app.example", "capacitor://localhost"};
  EXPECT_TRUE(is_allowed("https://app.example", "chat.example", kHttp, allowed));
  EXPECT_TRUE(is_allowed("capacitor://localhost", "chat.example", kHttp, allowed));
  EXPECT_FALSE(is_allowed("http://app.example", "chat.example", kHttp, allowed));
}

TEST(PageOrigin, IsNotThereOutsideBrowsersAndCountsEachTime) {
  HttpRequest request;
  request.headers = {{"host", "chat.example"}};
  EXPECT_TRUE(is_allowed_page(request, kHttp, {}));
  request.headers.emplace_back("origin", "http://chat.example");
  EXPECT_TRUE(is_allowed_page(request, kHttp, {}));
  request.headers.emplace_back("origin", "http://evil.example");
  EXPECT_FALSE(is_allowed_page(request, kHttp, {}));
}

}  // namespace
}  // namespace chirm
