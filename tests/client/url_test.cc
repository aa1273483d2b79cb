// SPDX-License-Identifier: MIT
#include "client/url.h"

#include <gmock/gmock.h>

namespace chirm::client {
namespace {

using ::testing::HasSubstr;

TEST(Url, HasPortAndPathByDefault) {
  const auto url = parse_url("ws://example.org");
  ASSERT_TRUE(url);
  EXPECT_EQ(url->host, "example.org");
  EXPECT_EQ(url->port, 80);
  EXPECT_EQ(url->target, "/connection/websocket");
  EXPECT_EQ(url->text(), "ws://example.org:80/connection/websocket");
}

TEST(Url, KeepsPathAndQuery) {
  const auto url = parse_url("ws://10.0.0.1:8080/ws?x=1&y=/");
  ASSERT_TRUE(url);
  EXPECT_EQ(url->authority(), "10.0.0.1:8080");
  EXPECT_EQ(url->target, "/ws?x=1&y=/");
  EXPECT_EQ(parse_url("ws://h?x")->target, "/?x");
  EXPECT_EQ(parse_url("ws://h/")->target, "/");
}

TEST(Url, TakesIpv6InBrackets) {
  const auto url = parse_url("ws://[::1]:8080/");
  ASSERT_TRUE(url);
  EXPECT_EQ(url->host, "::1");
  EXPECT_EQ(url->port, 8080);
  EXPECT_EQ(url->authority(), "[::1]:8080");
  EXPECT_EQ(parse_url("ws://[::1]")->port, 80);
}

TEST(Url, MayUseTls) {
  EXPECT_FALSE(parse_url("ws://h")->is_tls);
  EXPECT_TRUE(parse_url("wss://h")->is_tls);
  EXPECT_EQ(parse_url("wss://h")->text(), "wss://h:443/connection/websocket");
}

TEST(Url, MayBeThatOfThePage) {
  EXPECT_EQ(parse_url("http://h")->text(), "ws://h:80/connection/websocket");
  EXPECT_EQ(parse_url("https://h/")->text(), "wss://h:443/connection/websocket");
  EXPECT_EQ(parse_url("https://h:8443/chat/?x#y").has_value(), false);
  EXPECT_EQ(parse_url("https://h:8443/chat/?x")->text(), "wss://h:8443/chat/connection/websocket");
  EXPECT_EQ(parse_url("https://h/connection/websocket")->text(),
            "wss://h:443/connection/websocket");
}

TEST(Url, SaysWhatIsWrong) {
  const auto why = [](std::string_view text) {
    const auto url = parse_url(text);
    return url ? "no error: " + url->text() : url.error().message;
  };
  EXPECT_THAT(why("ftp://h/"), HasSubstr("expected ws://host[:port][/path], or wss:// for TLS"));
  EXPECT_THAT(why("ws://"), HasSubstr("host is missing"));
  EXPECT_THAT(why("ws://:80"), HasSubstr("host is missing"));
  EXPECT_THAT(why("ws://h:0"), HasSubstr("port"));
  EXPECT_THAT(why("ws://h:"), HasSubstr("port"));
  EXPECT_THAT(why("ws://h:65536"), HasSubstr("port"));
  EXPECT_THAT(why("ws://h:80x"), HasSubstr("port"));
  EXPECT_THAT(why("ws://[::1]8080"), HasSubstr("port"));
  EXPECT_THAT(why("ws://[::1"), HasSubstr("bracket"));
  EXPECT_THAT(why("ws://ada@h/"), HasSubstr("user name"));
  EXPECT_THAT(why("ws://h/a b"), HasSubstr("visible ASCII"));
  EXPECT_THAT(why("ws://h/\r\nX: y"), HasSubstr("visible ASCII"));
  EXPECT_THAT(why("ws://h/#top"), HasSubstr("fragment"));
}

}  // namespace
}  // namespace chirm::client
