// SPDX-License-Identifier: MIT
#pragma once
// What publications of one channel are known by whose bodies do not say it (PublishRequest::
// is_id_apart): so that a retry is recognised by a Redis that has lost them and is given them back.
// Bounded. Private to core/broker; loop's thread.

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace chirm {

class RedisMessageKeys {
 public:
  static constexpr std::size_t kSizeMax = 1'000;  // the newest stay

  // Twice the same does no harm. Another epoch begins anew.
  void note(std::string_view epoch, std::uint64_t offset, std::string_view key);
  // "" when none is known. Valid until the next note().
  std::string_view find(std::uint64_t offset) const;

  // What the members promise of each other; looks at both ends only.
  void check() const;

 private:
  struct Kept {
    std::uint64_t offset;
    std::string key;
  };
  std::string epoch_;
  std::vector<Kept> kept_;  // by offset
};

}  // namespace chirm
