// SPDX-License-Identifier: MIT
#include "bench/histogram.h"

#include <algorithm>

namespace chirm {

void Histogram::merge(const Histogram& other) {
  for (std::size_t i = 0; i < counts_.size(); ++i) counts_[i] += other.counts_[i];
  count_ += other.count_;
  sum_us_ += other.sum_us_;
  max_us_ = std::max(max_us_, other.max_us_);
  min_us_ = std::min(min_us_, other.min_us_);
}

void Histogram::subtract(const Histogram& earlier) {
  for (std::size_t i = 0; i < counts_.size(); ++i) counts_[i] -= earlier.counts_[i];
  count_ -= earlier.count_;
  sum_us_ -= earlier.sum_us_;
}

double Histogram::mean_us() const {
  return count_ == 0 ? 0 : static_cast<double>(sum_us_) / static_cast<double>(count_);
}

std::uint64_t Histogram::percentile_us(double percent) const {
  if (count_ == 0) return 0;
  const std::size_t bucket = percentile_bucket(counts_, count_, percent);
  // Told as the highest value of its bucket: rather a little too slow than too fast. The last
  // bucket reaches beyond what was ever recorded.
  return std::min(Buckets::highest_in(bucket), max_us_);
}

// count, sum, max, min, then a bucket's number and its count for each that is not empty.
std::vector<std::uint64_t> Histogram::save() const {
  std::vector<std::uint64_t> saved{count_, sum_us_, max_us_, min_us_};
  for (std::size_t bucket = 0; bucket < counts_.size(); ++bucket) {
    if (counts_[bucket] == 0) continue;
    saved.push_back(bucket);
    saved.push_back(counts_[bucket]);
  }
  return saved;
}

bool Histogram::restore(std::span<const std::uint64_t> saved) {
  *this = Histogram();
  if (saved.size() < 4 || saved.size() % 2 != 0) return false;
  for (std::size_t i = 4; i < saved.size(); i += 2) {
    if (saved[i] >= counts_.size()) return false;
    counts_[saved[i]] = saved[i + 1];
  }
  count_ = saved[0];
  sum_us_ = saved[1];
  max_us_ = saved[2];
  min_us_ = saved[3];
  return true;
}

}  // namespace chirm
