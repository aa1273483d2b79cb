// SPDX-License-Identifier: MIT
#include "core/accounts/throttle.h"

#include <algorithm>
#include <utility>

#include "core/base/address_range.h"

namespace chirm {

// Of the generic cell rate algorithm: a key's time lies `interval_ms` further in the future with
// each attempt, and may be `burst` intervals ahead.
std::uint64_t Throttle::take(std::string_view key, std::uint64_t now_ms) {
  const std::uint64_t* known = find(key);
  const std::uint64_t free_ms = std::max(known == nullptr ? 0 : *known, now_ms);
  const std::uint64_t ahead_ms = free_ms + limit_.interval_ms - now_ms;
  const std::uint64_t ahead_max_ms = limit_.burst * limit_.interval_ms;
  if (ahead_ms > ahead_max_ms) return ahead_ms - ahead_max_ms;
  newer_.insert_or_assign(std::string(key), free_ms + limit_.interval_ms);
  if (newer_.size() >= keys_max_) older_ = std::exchange(newer_, {});
  return 0;
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
  if (!bytes) return std::string(address);
  const auto mapped = AddressRange::parse("0.0.0.0/0");
  if (mapped->contains(*bytes)) return to_text(*bytes);
  AddressBytes network = *bytes;
  std::fill(network.begin() + 8, network.end(), std::uint8_t{0});
  return to_text(network);
}

}  // namespace chirm
