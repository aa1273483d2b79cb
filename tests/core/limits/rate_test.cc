// SPDX-License-Identifier: MIT
#include "core/limits/rate.h"

#include <gtest/gtest.h>

namespace chirm {
namespace {

TEST(Bucket, AllowsABurstAndThenAPace) {
  Bucket bucket;
  const Rate rate{5, 1000, 10};
  for (int i = 0; i < 10; ++i) EXPECT_TRUE(bucket.take_if_free(1'000, rate)) << i;
  EXPECT_FALSE(bucket.take_if_free(1'000, rate));
  EXPECT_FALSE(bucket.take_if_free(1'199, rate));
  EXPECT_TRUE(bucket.take_if_free(1'200, rate));
  EXPECT_FALSE(bucket.take_if_free(1'200, rate));
}

TEST(Bucket, CountsWhatWeighsMore) {
  Bucket bucket;
  const Rate rate{5, 1000, 10};
  EXPECT_TRUE(bucket.take_if_free(1'000, rate, 4));
  EXPECT_TRUE(bucket.take_if_free(1'000, rate, 4));
  EXPECT_TRUE(bucket.take_if_free(1'000, rate, 4));  // begins within the burst
  EXPECT_FALSE(bucket.take_if_free(1'000, rate));
  EXPECT_FALSE(bucket.take_if_free(1'599, rate));
  EXPECT_TRUE(bucket.take_if_free(1'600, rate));
}

TEST(Bucket, HasNoLimitAtZero) {
  Bucket bucket;
  for (int i = 0; i < 1'000; ++i) EXPECT_TRUE(bucket.take_if_free(0, {}, 100));
}

}  // namespace
}  // namespace chirm
