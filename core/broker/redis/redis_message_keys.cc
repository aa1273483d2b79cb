// SPDX-License-Identifier: MIT
#include "core/broker/redis/redis_message_keys.h"

#include <algorithm>

#include "core/base/check.h"

namespace chirm {

// Nearly always the newest; what a read of the log brings may lie before.
void RedisMessageKeys::note(std::string_view epoch, std::uint64_t offset, std::string_view key) {
  CHIRM_CHECK(!key.empty() && offset > 0, offset);
  if (epoch != epoch_) {
    epoch_ = epoch;
    kept_.clear();
  }
  const auto place = std::ranges::lower_bound(kept_, offset, {}, &Kept::offset);
  if (place != kept_.end() && place->offset == offset) return;
  kept_.insert(place, {offset, std::string(key)});
  if (kept_.size() > kSizeMax) kept_.erase(kept_.begin());
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
}

}  // namespace chirm
