// SPDX-License-Identifier: MIT
#pragma once
// What publications of one channel are known by whose bodies do not say it (PublishRequest::
// is_id_apart): so that a retry is recognised by a Redis that has lost them and is given them back.
// Private to core/broker; loop's thread.

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/broker/redis/kept/redis_kept_memory.h"

namespace chirm {

class RedisMessageKeys final : private RedisKeptMemory::Keeper {
 public:
  static constexpr std::size_t kSizeMax = 1'000;  // of one channel; the newest stay

  // The memory is that of all channels' keys, and must outlive it.
  explicit RedisMessageKeys(RedisKeptMemory& memory) : Keeper(memory) {}

  // Twice the same does no harm. Another epoch begins anew.
  void note(std::string_view epoch, std::uint64_t offset, std::string_view key);
  // "" when none is known. Valid until any channel's note().
  std::string_view find(std::uint64_t offset) const;

  // What the members promise of each other; looks at both ends only.
  void check() const;

 private:
  struct Kept {
    std::uint64_t offset;
    std::string key;

    std::size_t bytes() const { return sizeof(*this) + key.size(); }
  };

  void forget() override;

  std::string epoch_;
  std::vector<Kept> kept_;  // by offset
};

}  // namespace chirm
