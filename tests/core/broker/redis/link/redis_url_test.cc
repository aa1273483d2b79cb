// SPDX-License-Identifier: MIT
#include "core/broker/redis/link/redis_url.h"

#include <gtest/gtest.h>

namespace chirm {
namespace {

RedisUrl parsed(std::string_view url) {
  const auto result = parse_redis_url(url);
  EXPECT_TRUE(result.has_value()) << result.error().message;
  return result.value_or(RedisUrl{});
}

std::string error_of(std::string_view url) {
  const auto result = parse_redis_url(url);
  return result.has_value() ? "no error" : result.error().message;
}

TEST(RedisUrl, TakesHostAndDefaults) {
  const RedisUrl url = parsed("redis://redis.internal");
  EXPECT_EQ(url.hosts.at(0).name, "redis.internal");
  EXPECT_EQ(url.hosts.at(0).port, 6379);
  EXPECT_EQ(url.database, 0U);
  EXPECT_EQ(url.password, "");
  EXPECT_FALSE(url.is_unix());
}

TEST(RedisUrl, TakesLoginPortAndDatabase) {
  const RedisUrl url = parsed("redis://ada:s3cret@127.0.0.1:7000/3");
  EXPECT_EQ(url.user, "ada");
  EXPECT_EQ(url.password, "s3cret");
  EXPECT_EQ(url.hosts.at(0).name, "127.0.0.1");
  EXPECT_EQ(url.hosts.at(0).port, 7000);
  EXPECT_EQ(url.database, 3U);
}

TEST(RedisUrl, TakesAPasswordAlone) {
  const RedisUrl url = parsed("redis://:s3cret@host");
  EXPECT_EQ(url.user, "");
  EXPECT_EQ(url.password, "s3cret");
}

TEST(RedisUrl, DecodesPercentInLogins) {
  const RedisUrl url = parsed("redis://a%40b:%2f%3A%25@host/0");
  EXPECT_EQ(url.user, "a@b");
  EXPECT_EQ(url.password, "/:%");
}

TEST(RedisUrl, KeepsAnAtSignThatNobodyEncodedInThePassword) {
  const RedisUrl url = parsed("redis://:p@ss@host:1");
  EXPECT_EQ(url.password, "p@ss");
  EXPECT_EQ(url.hosts.at(0).name, "host");
}

TEST(RedisUrl, TakesAnIpv6Address) {
  const RedisUrl url = parsed("redis://[::1]:6380/1");
  EXPECT_EQ(url.hosts.at(0).name, "::1");
  EXPECT_EQ(url.hosts.at(0).port, 6380);
  EXPECT_EQ(parsed("redis://[fe80::2]").hosts.at(0).name, "fe80::2");
}

TEST(RedisUrl, TakesAUnixSocket) {
  const RedisUrl url = parsed("unix:///run/my%20redis/socket?db=2");
  EXPECT_TRUE(url.is_unix());
  EXPECT_EQ(url.socket_path, "/run/my redis/socket");
  EXPECT_EQ(url.database, 2U);
  EXPECT_EQ(parsed("unix://:pw@/run/redis").password, "pw");
  EXPECT_EQ(parsed("unix://:pw@/run/redis").socket_path, "/run/redis");
}

TEST(RedisUrl, TakesSentinels) {
  const RedisUrl url = parsed(
      "redis+sentinel://ada:p%2Fw@s1,[::2]:7000,10.0.0.3:26380/my%20master/2"
      "?sentinel_user=eve&sentinel_password=%26x#one");
  ASSERT_EQ(url.hosts.size(), 3U);
  EXPECT_EQ(url.hosts[0].text(), "s1:26379");
  EXPECT_EQ(url.hosts[1].text(), "[::2]:7000");
  EXPECT_EQ(url.hosts[2].text(), "10.0.0.3:26380");
  EXPECT_TRUE(url.has_sentinels());
  EXPECT_EQ(url.master, "my master");
  EXPECT_EQ(url.database, 2U);
  EXPECT_EQ(url.user, "ada");
  EXPECT_EQ(url.password, "p/w");
  EXPECT_EQ(url.sentinels().user, "eve");
  EXPECT_EQ(url.sentinels().password, "&x");
  EXPECT_EQ(url.sentinels().hosts, url.hosts);
  EXPECT_FALSE(url.sentinels().has_sentinels());
  EXPECT_EQ(url.place(), "my master database 2");
  EXPECT_EQ(url.name(), "one");
  EXPECT_EQ(parsed("redis+sentinel://s1/m").database, 0U);
  EXPECT_EQ(parsed("redis+sentinel://s1/m/").name(), "m");
}

TEST(RedisUrl, TakesALabel) {
  EXPECT_EQ(parsed("redis://:p#w@host/1#shard-1").label, "shard-1");
  EXPECT_EQ(parsed("redis://:p#w@host/1#shard-1").password, "p#w");
  EXPECT_EQ(parsed("redis://host#a").name(), "a");
  EXPECT_EQ(parsed("redis://host#a").place(), "host:6379");
  EXPECT_EQ(parsed("redis://host").name(), "host:6379");
  EXPECT_EQ(parsed("unix:///socket?db=1#b").name(), "b");
  EXPECT_EQ(parsed("unix:///socket?db=1#b").database, 1U);
}

TEST(RedisUrl, TakesTls) {
  const RedisUrl url = parsed("rediss://ada:s3cret@redis.internal/2#a");
  EXPECT_TRUE(url.is_tls);
  EXPECT_EQ(url.place(), "redis.internal:6379 database 2");
  EXPECT_EQ(url.password, "s3cret");
  EXPECT_EQ(url.name(), "a");
  // A shard keeps its channels when it gets TLS on the same port.
  EXPECT_EQ(parsed("rediss://host:1").name(), parsed("redis://host:1").name());
  EXPECT_FALSE(parsed("redis://host").is_tls);
}

TEST(RedisUrl, TakesTlsToSentinelsAsWell) {
  const RedisUrl url = parsed("rediss+sentinel://s1,s2:7/main");
  EXPECT_TRUE(url.is_tls);
  EXPECT_EQ(url.hosts.size(), 2U);
  EXPECT_TRUE(url.sentinels().is_tls);
  EXPECT_FALSE(parsed("redis+sentinel://s1/main").sentinels().is_tls);
}

TEST(RedisUrl, SaysWhatIsWrong) {
  for (const char* url : {"", "http://host", "rediss:/host", "unixs:///socket"}) {
    EXPECT_EQ(error_of(url),
              "Redis URL: must start with redis://, unix:// or redis+sentinel://, or for TLS with "
              "rediss:// or rediss+sentinel://");
  }
  EXPECT_EQ(error_of("redis://"), "Redis URL: the host is missing");
  EXPECT_EQ(error_of("redis://:6379"), "Redis URL: the host is missing");
  EXPECT_EQ(error_of("redis://host:0"), "Redis URL: the port must be a number from 1 to 65535");
  EXPECT_EQ(error_of("redis://host:99999"), "Redis URL: the port must be a number from 1 to 65535");
  EXPECT_EQ(error_of("redis://host:"), "Redis URL: the port must be a number from 1 to 65535");
  EXPECT_EQ(error_of("redis://host/one"),
            "Redis URL: the database behind the '/' must be a number");
  EXPECT_EQ(error_of("redis://[::1"), "Redis URL: the IPv6 address has no ']'");
  EXPECT_EQ(error_of("redis://[::1]6379"), "Redis URL: expected ':' behind the ']'");
  EXPECT_EQ(error_of("unix://relative/path"),
            "Redis URL: expected unix:///path/to/socket, with the path from the root");
  EXPECT_EQ(error_of("unix:///socket?database=1"),
            "Redis URL: expected ?db=<number> behind the socket's path");
  EXPECT_EQ(error_of("redis://::1"),
            "Redis URL: an IPv6 address must stand in brackets: [::1]:6379");
  EXPECT_EQ(error_of("redis://one,other"),
            "Redis URL: expected one host; several shards are several URLs");
  EXPECT_EQ(error_of("redis://host#"), "Redis URL: expected a name without spaces behind the '#'");
  EXPECT_EQ(error_of("redis+sentinel://s1,s2"),
            "Redis URL: expected /<master's name>[/<database>] behind the Sentinels");
  EXPECT_EQ(error_of("redis+sentinel://s1,,s2/m"), "Redis URL: the host is missing");
  EXPECT_EQ(error_of("redis+sentinel:///m"), "Redis URL: the host is missing");
  EXPECT_EQ(error_of("redis+sentinel://s1/m/x"),
            "Redis URL: the database behind the '/' must be a number");
  EXPECT_EQ(error_of("redis+sentinel://s1/m?user=x"),
            "Redis URL: expected only sentinel_user and sentinel_password behind '?'");
  EXPECT_EQ(error_of("redis+sentinel://s1/m?sentinel_user=x"),
            "Redis URL: a sentinel_user needs a sentinel_password");
  EXPECT_EQ(error_of("unix:///socket?db=x"), "Redis URL: the database must be a number");
}

// It would end the path or name for the C library, and the rest would be somewhere else.
TEST(RedisUrl, RefusesANul) {
  using namespace std::string_view_literals;
  EXPECT_EQ(error_of("unix:///run/a\0b"sv), "Redis URL: a NUL cannot be part of it");
  EXPECT_EQ(error_of("redis://:p\0w@host"sv), "Redis URL: a NUL cannot be part of it");
  EXPECT_NE(error_of("unix:///run/a%00b"), "no error");
}

TEST(RedisUrl, NeverShowsThePassword) {
  for (const std::string_view url :
       {"redis://ada:s3cret@host:0", "redis://s3cret@host", "redis://:s3cret%@host",
        "redis://:s3cret%zz@host", "redis://ada:s3cret@", "unix://:s3cret@socket",
        "rediss://:s3cret@host:0", "s3cret", "redis+sentinel://:s3cret@s1",
        "redis+sentinel://s1/m?sentinel_password=s3cret%zz",
        "redis+sentinel://s1/m?password=s3cret", "redis://s3cret@host#",
        "redis://:s3cret@host# "}) {
    EXPECT_EQ(error_of(url).find("s3cret"), std::string::npos) << url;
    EXPECT_NE(error_of(url), "no error") << url;
  }
  EXPECT_EQ(parsed("redis://ada:s3cret@host:7000/2").place(), "host:7000 database 2");
  EXPECT_EQ(parsed("unix://:s3cret@/run/redis").place(), "/run/redis");
}

}  // namespace
}  // namespace chirm
