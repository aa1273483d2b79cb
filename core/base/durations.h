// SPDX-License-Identifier: MIT
#pragma once
// A count of durations in microseconds by size, with an error below an eighth: cheap enough for
// every turn of a loop. Pure.
//
//   value   0 … 15     16 … 31   32 … 63   …   2^27 (134 s), and all that is longer
//   bucket  1 us wide  2 us      4 us          8 buckets for each doubling

#include <array>
#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>

namespace chirm {

class Durations {
 public:
  void record(std::uint64_t us, std::uint64_t count = 1) {
    counts_[bucket_of(us)] += count;
    count_ += count;
    sum_us_ += us * count;
  }

  std::uint64_t count() const { return count_; }
  std::uint64_t sum_us() const { return sum_us_; }
  // How many were shorter than `us`, a power of two from 16 to 2^27.
  std::uint64_t shorter_than(std::uint64_t us) const {
    std::uint64_t seen = 0;
    for (std::size_t bucket = 0; bucket < bucket_of(us); ++bucket) seen += counts_[bucket];
    return seen;
  }
  // What `percent` of all do not exceed; 0 when there are none.
  std::uint64_t percentile_us(double percent) const {
    const double wanted = std::ceil(percent / 100 * static_cast<double>(count_));
    std::uint64_t seen = 0;
    for (std::size_t bucket = 0; bucket < counts_.size(); ++bucket) {
      seen += counts_[bucket];
      if (seen > 0 && static_cast<double>(seen) >= wanted) return highest_of(bucket);
    }
    return 0;
  }

  // What has been recorded since it was as `earlier`.
  Durations since(const Durations& earlier) const {
    Durations recent = *this;
    for (std::size_t i = 0; i < counts_.size(); ++i) recent.counts_[i] -= earlier.counts_[i];
    recent.count_ -= earlier.count_;
    recent.sum_us_ -= earlier.sum_us_;
    return recent;
  }

 private:
  static constexpr std::size_t kSubBits = 3;
  static constexpr std::size_t kMaxBits = 27;
  static constexpr std::uint64_t kMaxUs = std::uint64_t{1} << kMaxBits;
  static constexpr std::size_t kBuckets = ((kMaxBits - kSubBits + 1) << kSubBits) + 1;

  static constexpr std::size_t bucket_of(std::uint64_t us) {
    if (us > kMaxUs) us = kMaxUs;
    const std::size_t shift = us < 16 ? 0 : std::bit_width(us) - 1U - kSubBits;
    return (shift << kSubBits) + static_cast<std::size_t>(us >> shift);
  }
  static constexpr std::uint64_t highest_of(std::size_t bucket) {
    if (bucket < 16) return bucket;
    const std::size_t shift = (bucket >> kSubBits) - 1;
    const std::uint64_t lowest = (bucket & 7) + 8;
    return ((lowest + 1) << shift) - 1;
  }

  std::array<std::uint64_t, kBuckets> counts_{};
  std::uint64_t count_ = 0;
  std::uint64_t sum_us_ = 0;
};

}  // namespace chirm
