// SPDX-License-Identifier: MIT
#include "core/chat/rate_limit.h"

#include <gtest/gtest.h>

namespace chirm {
namespace {

TEST(RateLimitTest, AllowsABurstAndThenAPace) {
  RateLimit limit;
  for (int i = 0; i < 10; ++i) EXPECT_TRUE(limit.take(1'000, 5, 10)) << i;
  EXPECT_FALSE(limit.take(1'000, 5, 10));
  EXPECT_FALSE(limit.take(1'199, 5, 10));
  EXPECT_TRUE(limit.take(1'200, 5, 10));
  EXPECT_FALSE(limit.take(1'200, 5, 10));
}

TEST(RateLimitTest, CountsWhatWeighsMore) {
  RateLimit limit;
  EXPECT_TRUE(limit.take(1'000, 5, 10, 4));
  EXPECT_TRUE(limit.take(1'000, 5, 10, 4));
  EXPECT_TRUE(limit.take(1'000, 5, 10, 4));  // begins within the burst
  EXPECT_FALSE(limit.take(1'000, 5, 10));
  EXPECT_FALSE(limit.take(1'599, 5, 10));
  EXPECT_TRUE(limit.take(1'600, 5, 10));
}

TEST(RateLimitTest, HasNoLimitAtZero) {
  RateLimit limit;
  for (int i = 0; i < 1'000; ++i) EXPECT_TRUE(limit.take(0, 0, 0, 100));
}

}  // namespace
}  // namespace chirm
