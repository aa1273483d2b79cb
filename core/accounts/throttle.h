// SPDX-License-Identifier: MIT
#pragma once
// Attempts by key: for each key so many at once, and one more each interval. A bounded number of
// keys is remembered, those that came last. Times are of any clock that does not go back. Pure.

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>

#include "core/base/string_hash.h"

namespace chirm {

class Throttle {
 public:
  struct Limit {
    std::uint32_t burst = 10;  // 0: everything is allowed, and nothing is remembered
    std::uint64_t interval_ms = 10'000;
  };
  static constexpr Limit kOff{.burst = 0, .interval_ms = 0};
  // Remembers `keys_max` (> 0) to twice as many keys.
  explicit Throttle(Limit limit, std::size_t keys_max = 100'000);

  // 0: allowed, and counted. Else the milliseconds until the next attempt is.
  std::uint64_t take(std::string_view key, std::uint64_t now_ms);
  // Takes back one attempt of the key that was counted.
  void give_back(std::string_view key);

  std::size_t size() const { return newer_.size() + older_.size(); }
  // Ends the process where an invariant does not hold.
  void check() const;

 private:
  // By key: when all of its attempts that were counted will be forgotten.
  using Times = std::unordered_map<std::string, std::uint64_t, StringHash, std::equal_to<>>;

  std::uint64_t* find(std::string_view key);

  const Limit limit_;
  const std::size_t keys_max_;
  Times newer_;  // keys that were counted since older_ was put aside
  Times older_;  // forgotten as a whole when newer_ is full
};

// What an address is throttled by: its network_of(), as a text; what is no address, by itself.
std::string throttle_key(std::string_view address);

}  // namespace chirm
