// SPDX-License-Identifier: MIT
#pragma once
// Buckets for counting values of which only the size matters: up to twice kPerDoubling each value
// has its own, and from there on each doubling has kPerDoubling of equal width, so that the error
// stays below 1 / kPerDoubling. (Gil Tene's HdrHistogram.) Pure.
//
//   value   0 … 15     16 … 31   32 … 63   64 … 127   …      with 8 for each doubling
//   bucket  1 wide     2 wide    4 wide    8 wide

#include <bit>
#include <cstddef>
#include <cstdint>
#include <span>

namespace chirm {

template <unsigned kBits>
struct LogBuckets {
  static constexpr std::size_t kPerDoubling = std::size_t{1} << kBits;

  static constexpr std::size_t of(std::uint64_t value) {
    const std::size_t shift = value < 2 * kPerDoubling ? 0 : std::bit_width(value) - 1U - kBits;
    return (shift << kBits) + static_cast<std::size_t>(value >> shift);
  }
  static constexpr std::uint64_t highest_in(std::size_t bucket) {
    if (bucket < 2 * kPerDoubling) return bucket;
    const std::size_t shift = (bucket >> kBits) - 1;
    const std::uint64_t first_bits = bucket % kPerDoubling + kPerDoubling;
    return ((first_bits + 1) << shift) - 1;
  }
};

// The bucket of the value that `percent`, 0 to 100, of all values do not exceed. `count`, the sum
// of the counts, is not 0.
std::size_t percentile_bucket(std::span<const std::uint64_t> counts, std::uint64_t count,
                              double percent);

}  // namespace chirm
