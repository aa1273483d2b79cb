// SPDX-License-Identifier: MIT
#include "bench/histogram.h"

#include <gmock/gmock.h>

namespace chirm {
namespace {

TEST(Histogram, IsZeroWhenEmpty) {
  const Histogram histogram;
  EXPECT_EQ(histogram.count(), 0U);
  EXPECT_EQ(histogram.percentile_us(99), 0U);
  EXPECT_EQ(histogram.min_us(), 0U);
  EXPECT_EQ(histogram.max_us(), 0U);
  EXPECT_EQ(histogram.mean_us(), 0);
}

TEST(Histogram, IsExactBelowTwoMilliseconds) {
  Histogram histogram;
  for (std::uint64_t value = 1; value <= 2000; ++value) histogram.record(value);
  EXPECT_EQ(histogram.percentile_us(50), 1000U);
  EXPECT_EQ(histogram.percentile_us(99), 1980U);
  EXPECT_EQ(histogram.percentile_us(100), 2000U);
  EXPECT_EQ(histogram.percentile_us(0), 1U);
  EXPECT_EQ(histogram.mean_us(), 1000.5);
}

TEST(Histogram, KeepsThreeDigitsUpToAHundredSeconds) {
  for (std::uint64_t value = 1; value <= Histogram::kMaxUs; value += value / 7 + 1) {
    Histogram histogram;
    histogram.record(value);
    histogram.record(Histogram::kMaxUs);  // so that the maximum does not cap the percentile
    const auto found = static_cast<double>(histogram.percentile_us(50));
    EXPECT_GE(found, static_cast<double>(value));
    EXPECT_LE(found, static_cast<double>(value) * 1.001);
  }
}

TEST(Histogram, KeepsTheMaximumAsItWas) {
  Histogram histogram;
  histogram.record(123'456);
  EXPECT_EQ(histogram.max_us(), 123'456U);
  EXPECT_EQ(histogram.percentile_us(50), 123'456U);
  histogram.record(5 * Histogram::kMaxUs);
  EXPECT_EQ(histogram.max_us(), 5 * Histogram::kMaxUs);
}

TEST(Histogram, MergesAsIfRecordedInOne) {
  Histogram low;
  Histogram high;
  for (int i = 0; i < 90; ++i) low.record(10);
  for (int i = 0; i < 10; ++i) high.record(50'000);
  low.merge(high);
  EXPECT_EQ(low.count(), 100U);
  EXPECT_EQ(low.percentile_us(90), 10U);
  EXPECT_GE(low.percentile_us(91), 50'000U);
  EXPECT_EQ(low.min_us(), 10U);
  EXPECT_EQ(low.max_us(), 50'000U);
}

TEST(Histogram, SubtractsAnEarlierState) {
  Histogram histogram;
  histogram.record(5);
  const Histogram earlier = histogram;
  histogram.record(700);
  histogram.subtract(earlier);
  EXPECT_EQ(histogram.count(), 1U);
  EXPECT_EQ(histogram.percentile_us(1), 700U);
}

TEST(Histogram, IsTheSameAfterATrip) {
  Histogram histogram;
  for (std::uint64_t value = 1; value < 1'000'000; value = value * 3 + 1) histogram.record(value);
  Histogram copy;
  ASSERT_TRUE(copy.restore(histogram.save()));
  EXPECT_EQ(copy.save(), histogram.save());
}

TEST(Histogram, RefusesWhatItDidNotSave) {
  Histogram histogram;
  EXPECT_FALSE(histogram.restore(std::vector<std::uint64_t>{1, 2}));
  EXPECT_FALSE(histogram.restore(std::vector<std::uint64_t>{1, 2, 3, 4, 99'999'999, 1}));
}

}  // namespace
}  // namespace chirm
