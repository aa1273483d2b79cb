// SPDX-License-Identifier: MIT
#pragma once
// A histogram of durations in microseconds with three significant digits from 1 µs to 100 s, in the
// manner of Gil Tene's HdrHistogram. Recording is an index computation and an increment. Pure.
//
//   value   0 … 2047   2048 … 4095   4096 … 8191   …
//   bucket  1 µs wide  2 µs          4 µs               1024 buckets for each doubling

#include <bit>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace chirm {

class Histogram {
 public:
  static constexpr std::uint64_t kMaxUs = 100'000'000;

  Histogram() : counts_(bucket_of(kMaxUs) + 1) {}

  // Values above kMaxUs count as kMaxUs, but max_us() has them as they were.
  void record(std::uint64_t value_us) {
    ++counts_[bucket_of(value_us < kMaxUs ? value_us : kMaxUs)];
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
  static constexpr std::size_t kSubBits = 10;  // 2^10 buckets a doubling: an error below 0.1 %
  static constexpr std::size_t kSubBuckets = std::size_t{1} << kSubBits;

  static constexpr std::size_t bucket_of(std::uint64_t value) {
    const std::size_t shift = value < 2 * kSubBuckets ? 0 : std::bit_width(value) - 1U - kSubBits;
    return (shift << kSubBits) + static_cast<std::size_t>(value >> shift);
  }
  static std::uint64_t highest_value_of(std::size_t bucket);

  std::vector<std::uint64_t> counts_;
  std::uint64_t count_ = 0;
  std::uint64_t sum_us_ = 0;
  std::uint64_t max_us_ = 0;
  std::uint64_t min_us_ = UINT64_MAX;
};

}  // namespace chirm
