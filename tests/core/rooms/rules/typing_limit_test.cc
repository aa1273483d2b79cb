// SPDX-License-Identifier: MIT
#include "core/rooms/rules/typing_limit.h"

#include <gtest/gtest.h>

#include <map>
#include <random>
#include <string>
#include <utility>

namespace chirm {
namespace {

constexpr std::uint64_t kStartMs = 1'000'000;

TEST(TypingLimitTest, TellsOfEachUserAndChannelOnceInThreeSeconds) {
  TypingLimit limit;
  EXPECT_TRUE(limit.take("room:a", "ada", kStartMs));
  EXPECT_FALSE(limit.take("room:a", "ada", kStartMs + 2'999));
  EXPECT_TRUE(limit.take("room:b", "ada", kStartMs));
  EXPECT_TRUE(limit.take("room:a", "bob", kStartMs));
  EXPECT_TRUE(limit.take("room:a", "ada", kStartMs + 3'000));
  EXPECT_FALSE(limit.take("room:a", "ada", kStartMs + 3'001));
}

TEST(TypingLimitTest, TellsNothingNewWhenItIsFull) {
  TypingLimit limit(2);
  EXPECT_TRUE(limit.take("room:a", "ada", kStartMs));
  EXPECT_TRUE(limit.take("room:a", "bob", kStartMs));
  EXPECT_FALSE(limit.take("room:a", "cyd", kStartMs));
  EXPECT_TRUE(limit.take("room:a", "cyd", kStartMs + 3'000));
  EXPECT_LE(limit.size(), 2U);
}

// As long as there is room for all, the limit is that of a map without a bound.
TEST(TypingLimitTest, IsThatOfTheModel) {
  for (std::uint32_t seed = 1; seed <= 50; ++seed) {
    SCOPED_TRACE(::testing::Message() << "seed " << seed);
    std::mt19937 random(seed);
    TypingLimit limit(12);
    std::map<std::pair<std::string, std::string>, std::uint64_t> told;
    std::uint64_t now_ms = kStartMs;
    for (int i = 0; i < 500; ++i) {
      now_ms += random() % 700;
      const std::string channel = "room:" + std::to_string(random() % 3);
      const std::string user = "user" + std::to_string(random() % 4);
      const auto known = told.find({channel, user});
      const bool is_due = known == told.end() || now_ms - known->second >= TypingLimit::kIntervalMs;
      ASSERT_EQ(limit.take(channel, user, now_ms), is_due) << channel << ' ' << user;
      if (is_due) told[{channel, user}] = now_ms;
      limit.check();
    }
  }
}

}  // namespace
}  // namespace chirm
