// SPDX-License-Identifier: MIT
#include "core/base/log_buckets.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <random>
#include <string>
#include <vector>

namespace chirm {
namespace {

template <unsigned kBits>
void expect_in_its_bucket(std::uint64_t value) {
  using Buckets = LogBuckets<kBits>;
  const std::size_t bucket = Buckets::of(value);
  EXPECT_GE(Buckets::highest_in(bucket), value);
  EXPECT_LE(Buckets::highest_in(bucket) - value, value >> kBits) << value;
  if (bucket == 0) return;
  EXPECT_LT(Buckets::highest_in(bucket - 1), value);
}

TEST(LogBuckets, PutEachValueBetweenTheEndsOfItsBucket) {
  constexpr unsigned kSeed = 3;
  SCOPED_TRACE("seed " + std::to_string(kSeed));
  std::mt19937_64 random(kSeed);
  for (std::uint64_t value = 0; value < 5'000; ++value) {
    expect_in_its_bucket<3>(value);
    expect_in_its_bucket<10>(value);
  }
  for (int i = 0; i < 10'000; ++i) {
    const std::uint64_t value = random() >> (1 + random() % 60);
    expect_in_its_bucket<3>(value);
    expect_in_its_bucket<10>(value);
  }
}

TEST(LogBuckets, BeginAnewAtEachDoubling) {
  EXPECT_EQ(LogBuckets<3>::of(15), 15U);
  EXPECT_EQ(LogBuckets<3>::of(16), 16U);
  EXPECT_EQ(LogBuckets<3>::of(17), 16U);
  EXPECT_EQ(LogBuckets<3>::of(31), 23U);
  EXPECT_EQ(LogBuckets<3>::of(32), 24U);
}

TEST(LogBuckets, HaveThePercentilesOfTheSortedValues) {
  constexpr unsigned kSeed = 5;
  SCOPED_TRACE("seed " + std::to_string(kSeed));
  std::mt19937_64 random(kSeed);
  for (int round = 0; round < 200; ++round) {
    std::vector<std::uint64_t> values(1 + random() % 50);
    std::vector<std::uint64_t> counts(LogBuckets<3>::of(1'000) + 1);
    for (std::uint64_t& value : values) {
      value = random() % 1'001;
      ++counts[LogBuckets<3>::of(value)];
    }
    std::ranges::sort(values);
    for (const double percent : {0.0, 1.0, 50.0, 90.0, 99.0, 100.0}) {
      const double rank = std::ceil(percent / 100 * static_cast<double>(values.size()));
      const std::uint64_t wanted = values[rank < 1 ? 0 : static_cast<std::size_t>(rank) - 1];
      EXPECT_EQ(percentile_bucket(counts, values.size(), percent), LogBuckets<3>::of(wanted))
          << percent << " % of " << values.size();
    }
  }
}

TEST(LogBucketsDeathTest, HaveNoPercentileOfNothing) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  const std::vector<std::uint64_t> counts(3);
  EXPECT_DEATH((void)percentile_bucket(counts, 0, 50), "does not hold");
}

}  // namespace
}  // namespace chirm
