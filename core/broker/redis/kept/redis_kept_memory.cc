// SPDX-License-Identifier: MIT
#include "core/broker/redis/kept/redis_kept_memory.h"

#include "core/base/check.h"

namespace chirm {

namespace {
// Keepers that check() looks at in one call, from either end.
constexpr std::size_t kCheckedKeepers = 32;
}  // namespace

// A channel loses all at once, and not the oldest of all channels: so that needs no order among
// single things, and what a channel keeps stays without holes.
void RedisKeptMemory::Keeper::resize(std::size_t bytes) {
  const bool is_more = bytes > bytes_;
  memory_.bytes_ = memory_.bytes_ - bytes_ + bytes;
  bytes_ = bytes;
  if (bytes == 0) return unlink();
  if (!is_more) return;
  memory_.by_use_.push_back(*this);
  while (memory_.bytes_ > memory_.bytes_max_) memory_.by_use_.front()->forget();
}

void RedisKeptMemory::Keeper::check() const {
  CHIRM_CHECK(is_linked() == (bytes_ != 0), bytes_);
  CHIRM_CHECK(bytes_ <= memory_.bytes_, bytes_, memory_.bytes_);
}

void RedisKeptMemory::check() const {
  CHIRM_CHECK(bytes_ <= bytes_max_, bytes_, bytes_max_);
  std::size_t sum = 0;
  const std::size_t count = by_use_.check(kCheckedKeepers, [&](const Keeper& one) {
    CHIRM_CHECK(one.bytes() != 0);
    sum += one.bytes();
  });
  CHIRM_CHECK(count == kCheckedKeepers || sum == bytes_, sum, bytes_);
}

}  // namespace chirm
