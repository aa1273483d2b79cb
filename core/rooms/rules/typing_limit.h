// SPDX-License-Identifier: MIT
#pragma once
// How often it is told that somebody is typing: once in three seconds for each user and channel.
// Pure. Private to core/rooms.

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>

#include "core/base/string_hash.h"

namespace chirm {

class TypingLimit {
 public:
  static constexpr std::uint64_t kIntervalMs = 3'000;

  // At most so many users and channels are remembered; when that is full, what is new is not told.
  explicit TypingLimit(std::size_t size_max = 10'000) : size_max_(size_max) {}

  // Whether it is to be told now. `now_ms` never goes back by more than a clock is set back.
  bool take(std::string_view channel, std::string_view user, std::uint64_t now_ms);

  std::size_t size() const { return told_.size(); }
  // Ends the process where an invariant does not hold.
  void check() const;

 private:
  static constexpr std::uint64_t kSweepMs = 1'000;

  const std::size_t size_max_;
  // When it was last told, by channel and user; old ones are forgotten when it is full.
  std::unordered_map<std::string, std::uint64_t, StringHash, std::equal_to<>> told_;
  std::uint64_t swept_ms_ = 0;
};

}  // namespace chirm
