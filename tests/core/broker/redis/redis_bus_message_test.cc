// SPDX-License-Identifier: MIT
// What comes on a channel's topic, well formed and not. Whatever it is, the fuzz target
// `bus_messages` looks at it, too.

#include "core/broker/redis/redis_bus_message.h"

#include <gtest/gtest.h>

#include <string>

#include "core/base/pack.h"
#include "core/broker/redis/redis_digest.h"

namespace chirm {
namespace {

constexpr const char* kLast = "9007199254740992";     // 2^53
constexpr const char* kTooMany = "9007199254740993";  // which Lua cannot tell from it

TEST(RedisBusMessage, IsReadPublicationByPublication) {
  auto message = RedisBusMessage::parse("7:epoch:3:one5,3:keythree");
  ASSERT_TRUE(message.has_value());
  EXPECT_EQ(message->epoch(), "epoch");
  const auto one = message->next();
  ASSERT_TRUE(one.has_value());
  EXPECT_EQ(one->offset, 7U);
  EXPECT_EQ(one->body, "one");
  EXPECT_EQ(one->key, "");
  const auto three = message->next();
  ASSERT_TRUE(three.has_value());
  EXPECT_EQ(three->offset, 8U);
  EXPECT_EQ(three->body, "three");
  EXPECT_EQ(three->key, "key");
  EXPECT_TRUE(message->is_at_end());
}

TEST(RedisBusMessage, HasAnOffsetFromOneToTheLastThatScriptsCanCount) {
  EXPECT_FALSE(RedisBusMessage::parse("0:epoch:1:x"));
  EXPECT_FALSE(RedisBusMessage::parse("-1:epoch:1:x"));
  EXPECT_TRUE(RedisBusMessage::parse("1:epoch:1:x"));
  EXPECT_TRUE(RedisBusMessage::parse(std::string(kLast) + ":epoch:1:x"));
  EXPECT_FALSE(RedisBusMessage::parse(std::string(kTooMany) + ":epoch:1:x"));
  EXPECT_FALSE(RedisBusMessage::parse("18446744073709551615:epoch:1:x"));
  EXPECT_FALSE(RedisBusMessage::parse("18446744073709551616:epoch:1:x"));
  EXPECT_FALSE(RedisBusMessage::parse("1::1:x"));
}

TEST(RedisRewriteNotice, HasAnOffsetAndANumberFromOneToTheLastThatScriptsCanCount) {
  const auto notice = RedisRewriteNotice::parse("r7:2:epoch:new:body");
  ASSERT_TRUE(notice.has_value());
  EXPECT_EQ(notice->offset, 7U);
  EXPECT_EQ(notice->rewrites, 2U);
  EXPECT_EQ(notice->epoch, "epoch");
  EXPECT_EQ(notice->body, "new:body");
  for (const std::string bad :
       {"0", "-1", kTooMany, "18446744073709551615", "99999999999999999999"}) {
    EXPECT_FALSE(RedisRewriteNotice::parse("r" + bad + ":2:epoch:body")) << bad;
    EXPECT_FALSE(RedisRewriteNotice::parse("r7:" + bad + ":epoch:body")) << bad;
  }
  EXPECT_TRUE(RedisRewriteNotice::parse("r1:1:epoch:"));
  EXPECT_TRUE(RedisRewriteNotice::parse(std::string("r") + kLast + ":" + kLast + ":epoch:body"));
}

TEST(RedisDigest, EndsAtWhatIsNoPosition) {
  const auto read = [](std::string_view channel, std::string_view epoch, std::uint64_t offset) {
    std::string message = "d";
    for (int i = 0; i < 2; ++i) {
      pack::put_text(message, channel);
      pack::put_text(message, epoch);
      pack::put_number(message, offset);
    }
    int positions = 0;
    RedisDigest::read(message, [&](auto, auto, std::uint64_t) { ++positions; });
    return positions;
  };
  EXPECT_EQ(read("room:a", "epoch", 1), 2);
  EXPECT_EQ(read("room:a", "epoch", 0), 2);  // an epoch that has just begun
  EXPECT_EQ(read("room:a", "epoch", RedisBusMessage::kNumberMax), 2);
  EXPECT_EQ(read("room:a", "epoch", RedisBusMessage::kNumberMax + 1), 0);
  EXPECT_EQ(read("room:a", "", 1), 0);
  EXPECT_EQ(read("", "epoch", 1), 0);
}

}  // namespace
}  // namespace chirm
