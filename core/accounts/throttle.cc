// SPDX-License-Identifier: MIT
#include "core/accounts/throttle.h"

#include <algorithm>
#include <utility>

#include "core/base/address_range.h"
#include "core/base/check.h"

namespace chirm {

Throttle::Throttle(Limit limit, std::size_t keys_max) : limit_(limit), keys_max_(keys_max) {
  CHIRM_CHECK(keys_max > 0);
  CHIRM_CHECK((limit.burst == 0) == (limit.interval_ms == 0), limit.burst, limit.interval_ms);
}

// The generic cell rate algorithm (ATM Forum, Traffic Management 4.0 §4.4.3): each attempt moves
// the key's time an interval further into the future, and it may be `burst` intervals ahead. So a
// key costs one number, and a pause fills the burst up again without a timer.
//
// Forgetting is by generations: a full map becomes the older one, and what was in that is gone. It
// costs nothing per key, and a flood of new keys has to bring keys_max of them to push one out.
std::uint64_t Throttle::take(std::string_view key, std::uint64_t now_ms) {
  if (limit_.burst == 0) return 0;
  const std::uint64_t* known = find(key);
  const std::uint64_t free_ms = std::max(known == nullptr ? 0 : *known, now_ms);
  const std::uint64_t ahead_ms = free_ms + limit_.interval_ms - now_ms;
  const std::uint64_t ahead_max_ms = limit_.burst * limit_.interval_ms;
  if (ahead_ms > ahead_max_ms) return ahead_ms - ahead_max_ms;
  newer_.insert_or_assign(std::string(key), free_ms + limit_.interval_ms);
  if (newer_.size() >= keys_max_) older_ = std::exchange(newer_, {});
  if constexpr (kChecksInvariants) check();
  return 0;
}

void Throttle::check() const {
  CHIRM_CHECK(newer_.size() < keys_max_, newer_.size(), keys_max_);
  CHIRM_CHECK(older_.size() <= keys_max_, older_.size(), keys_max_);
}

void Throttle::give_back(std::string_view key) {
  std::uint64_t* known = find(key);
  if (known != nullptr) *known -= std::min(*known, limit_.interval_ms);
}

std::uint64_t* Throttle::find(std::string_view key) {
  if (const auto found = newer_.find(key); found != newer_.end()) return &found->second;
  const auto found = older_.find(key);
  return found == older_.end() ? nullptr : &found->second;
}

std::string throttle_key(std::string_view address) {
  const auto bytes = parse_address(address);
  return bytes ? to_text(network_of(*bytes)) : std::string(address);
}

}  // namespace chirm
