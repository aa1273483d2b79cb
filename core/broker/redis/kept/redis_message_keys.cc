// SPDX-License-Identifier: MIT
#include "core/broker/redis/kept/redis_message_keys.h"

#include <algorithm>

#include "core/base/check.h"

namespace chirm {

// Nearly always the newest; what a read of the log brings may lie before. When they are too many, a
// quarter goes: one by one, all that are left would be moved each time.
void RedisMessageKeys::note(std::string_view epoch, std::uint64_t offset, std::string_view key) {
  CHIRM_CHECK(!key.empty() && offset > 0, offset);
  if (epoch != epoch_) {
    epoch_ = epoch;
    forget();
  }
  const auto place = std::ranges::lower_bound(kept_, offset, {}, &Kept::offset);
  if (place != kept_.end() && place->offset == offset) return;
  std::size_t bytes = this->bytes() + kept_.insert(place, {offset, std::string(key)})->bytes();
  if (kept_.size() > kSizeMax) {
    const auto end = kept_.begin() + kSizeMax / 4;
    for (auto one = kept_.begin(); one != end; ++one) bytes -= one->bytes();
    kept_.erase(kept_.begin(), end);
  }
  resize(bytes);
}

void RedisMessageKeys::forget() {
  kept_ = {};  // with its memory
  resize(0);
}

std::string_view RedisMessageKeys::find(std::uint64_t offset) const {
  const auto place = std::ranges::lower_bound(kept_, offset, {}, &Kept::offset);
  if (place == kept_.end() || place->offset != offset) return {};
  return place->key;
}

void RedisMessageKeys::check() const {
  CHIRM_CHECK(kept_.size() <= kSizeMax, kept_.size());
  CHIRM_CHECK(kept_.empty() || kept_.front().offset <= kept_.back().offset, kept_.front().offset,
              kept_.back().offset);
  CHIRM_CHECK(kept_.empty() || !epoch_.empty());
  CHIRM_CHECK(kept_.empty() == (bytes() == 0), kept_.size(), bytes());
  Keeper::check();
}

}  // namespace chirm
