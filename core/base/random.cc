// SPDX-License-Identifier: MIT
#include "core/base/random.h"

#include <string_view>

namespace chirm {

namespace {
// Nodes that start in the same millisecond must not make the same names and the same jitter: the
// clock would not do.
std::uint64_t system_seed() {
  std::random_device device;
  return (std::uint64_t{device()} << 32) | device();
}
}  // namespace

Random::Random() : engine_(system_seed()) {}

std::string Random::name(std::size_t length) {
  static constexpr std::string_view kLetters =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
  std::string name(length, '\0');
  for (char& letter : name) letter = kLetters[between(0, kLetters.size() - 1)];
  return name;
}

}  // namespace chirm
