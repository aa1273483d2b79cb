// SPDX-License-Identifier: MIT
#pragma once
// A histogram of durations in microseconds with three significant digits from 1 µs to 100 s: 1024
// buckets for each doubling. Recording is an index computation and an increment. Pure.

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "core/base/log_buckets.h"

namespace chirm {

class Histogram {
 public:
  static constexpr std::uint64_t kMaxUs = 100'000'000;

  Histogram() : counts_(Buckets::of(kMaxUs) + 1) {}

  // Values above kMaxUs count as kMaxUs, but max_us() has them as they were.
  void record(std::uint64_t value_us) {
    ++counts_[Buckets::of(value_us < kMaxUs ? value_us : kMaxUs)];
    ++count_;
    sum_us_ += value_us;
    if (value_us > max_us_) max_us_ = value_us;
    if (value_us < min_us_) min_us_ = value_us;
  }
  void merge(const Histogram& other);
  // Takes away what `earlier`, a former state of this histogram, had counted. The extremes stay
  // those of the whole.
  void subtract(const Histogram& earlier);

  std::uint64_t count() const { return count_; }
  std::uint64_t max_us() const { return max_us_; }
  std::uint64_t min_us() const { return count_ == 0 ? 0 : min_us_; }
  double mean_us() const;
  // The value that `percent` of all values do not exceed, to three digits; 0 when there are none.
  std::uint64_t percentile_us(double percent) const;

  // The state as numbers, to carry it to another process.
  std::vector<std::uint64_t> save() const;
  // False when `saved` is not from save().
  [[nodiscard]] bool restore(std::span<const std::uint64_t> saved);

 private:
  using Buckets = LogBuckets<10>;

  std::vector<std::uint64_t> counts_;
  std::uint64_t count_ = 0;
  std::uint64_t sum_us_ = 0;
  std::uint64_t max_us_ = 0;
  std::uint64_t min_us_ = UINT64_MAX;
};

}  // namespace chirm
