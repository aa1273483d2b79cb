// SPDX-License-Identifier: MIT
#pragma once
// Random names and jitter.

#include <cstdint>
#include <random>
#include <string>

#include "core/base/check.h"

namespace chirm {

// Not for secrets. One per thread that needs it.
class Random {
 public:
  Random();  // seeded by the operating system
  explicit Random(std::uint64_t seed) : engine_(seed) {}

  // Uniform in [low, high]; low must not be above high.
  std::uint64_t between(std::uint64_t low, std::uint64_t high) {
    CHIRM_CHECK(low <= high, low, high);
    return std::uniform_int_distribution<std::uint64_t>(low, high)(engine_);
  }
  // `length` letters and digits.
  std::string name(std::size_t length);

 private:
  std::mt19937_64 engine_;
};

}  // namespace chirm
