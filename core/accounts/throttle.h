// SPDX-License-Identifier: MIT
#pragma once
// So many attempts at once for each key, and one more each `interval_ms`. Remembers a bounded
// number of keys, those that came last.

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
    std::uint32_t burst = 10;
    std::uint64_t interval_ms = 10'000;
  };
  explicit Throttle(Limit limit, std::size_t keys_max = 100'000)
      : limit_(limit), keys_max_(keys_max) {}

  // 0: allowed, and counted. Else the milliseconds until the next is.
  std::uint64_t take(std::string_view key, std::uint64_t now_ms);
  // One that was counted is not to count.
  void give_back(std::string_view key);

 private:
  // When all attempts that were counted will be forgotten.
  using Times = std::unordered_map<std::string, std::uint64_t, StringHash, std::equal_to<>>;

  std::uint64_t* find(std::string_view key);

  const Limit limit_;
  const std::size_t keys_max_;
  Times newer_;
  Times older_;  // forgotten when newer_ is full
};

// What an address is throttled by: itself, or of an IPv6 address the network, for who has one
// address of a /64 has them all.
std::string throttle_key(std::string_view address);

}  // namespace chirm
