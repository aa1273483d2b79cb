// SPDX-License-Identifier: MIT
#pragma once
// A count of durations in microseconds by size, with an error below an eighth: cheap enough for
// every turn of a loop. What is longer than 2^27 us (134 s) counts as that. Pure.

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>

#include "core/base/check.h"
#include "core/base/log_buckets.h"

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
  // How many were shorter than `us`, a power of two from 16 to 2^27: there a bucket begins.
  std::uint64_t shorter_than(std::uint64_t us) const {
    CHIRM_CHECK(std::has_single_bit(us) && us >= 16 && us <= kMaxUs, us);
    std::uint64_t seen = 0;
    for (std::size_t bucket = 0; bucket < bucket_of(us); ++bucket) seen += counts_[bucket];
    return seen;
  }
  // What `percent`, 0 to 100, of all do not exceed; 0 when there are none.
  std::uint64_t percentile_us(double percent) const {
    return count_ == 0 ? 0 : Buckets::highest_in(percentile_bucket(counts_, count_, percent));
  }

  // What has been recorded since it was as `earlier`, a former state of this count.
  Durations since(const Durations& earlier) const {
    CHIRM_CHECK(earlier.count_ <= count_, earlier.count_, count_);
    Durations recent = *this;
    for (std::size_t i = 0; i < counts_.size(); ++i) recent.counts_[i] -= earlier.counts_[i];
    recent.count_ -= earlier.count_;
    recent.sum_us_ -= earlier.sum_us_;
    return recent;
  }

 private:
  using Buckets = LogBuckets<3>;
  static constexpr std::uint64_t kMaxUs = std::uint64_t{1} << 27;

  static constexpr std::size_t bucket_of(std::uint64_t us) {
    return Buckets::of(us < kMaxUs ? us : kMaxUs);
  }

  std::array<std::uint64_t, Buckets::of(kMaxUs) + 1> counts_{};
  std::uint64_t count_ = 0;
  std::uint64_t sum_us_ = 0;
};

}  // namespace chirm
