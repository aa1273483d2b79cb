// SPDX-License-Identifier: MIT
#include "core/base/durations.h"

#include <gtest/gtest.h>

namespace chirm {
namespace {

TEST(Durations, HavePercentilesThatAreAnEighthTooLargeAtMost) {
  for (const std::uint64_t us : {0, 1, 15, 16, 17, 100, 999, 50'000, 7'654'321, 134'217'727}) {
    Durations one;
    one.record(us);
    EXPECT_GE(one.percentile_us(50), us);
    EXPECT_LE(one.percentile_us(50), us + us / 8);
  }
  Durations hundred;
  for (std::uint64_t us = 1; us <= 100; ++us) hundred.record(us * 1000);
  EXPECT_NEAR(static_cast<double>(hundred.percentile_us(50)), 50'000, 50'000 / 8.0);
  EXPECT_NEAR(static_cast<double>(hundred.percentile_us(99)), 99'000, 99'000 / 8.0);
  EXPECT_EQ(hundred.sum_us(), 5'050'000U);
}

TEST(Durations, OfNothingAreZero) { EXPECT_EQ(Durations().percentile_us(99), 0U); }

TEST(Durations, BeyondTheScaleCountAsItsEnd) {
  Durations durations;
  durations.record(UINT64_MAX / 2);
  EXPECT_GE(durations.percentile_us(50), std::uint64_t{1} << 27);
  EXPECT_EQ(durations.shorter_than(std::uint64_t{1} << 27), 0U);
}

TEST(Durations, AreCountedBelowAPowerOfTwo) {
  Durations durations;
  durations.record(63, 5);
  durations.record(64, 7);
  EXPECT_EQ(durations.shorter_than(64), 5U);
  EXPECT_EQ(durations.shorter_than(128), 12U);
  EXPECT_EQ(durations.count(), 12U);
}

TEST(Durations, SinceAnEarlierStateAreThoseInBetween) {
  Durations all;
  all.record(1'000'000, 100);
  const Durations earlier = all;
  all.record(10, 3);
  const Durations recent = all.since(earlier);
  EXPECT_EQ(recent.count(), 3U);
  EXPECT_EQ(recent.percentile_us(99), 10U);
}

}  // namespace
}  // namespace chirm
