// SPDX-License-Identifier: MIT
#include "core/rooms/rules/typing_limit.h"

#include "core/base/check.h"

namespace chirm {

// A sweep looks at everything there is, so it is done when there is no more room, and at most once
// a second: a crowd that types at once does not make each of its signals cost a sweep.
bool TypingLimit::take(std::string_view channel, std::string_view user, std::uint64_t now_ms) {
  if (told_.size() >= size_max_ && now_ms - swept_ms_ >= kSweepMs) {
    swept_ms_ = now_ms;
    std::erase_if(told_, [&](const auto& one) { return now_ms - one.second >= kIntervalMs; });
  }
  std::string key(channel);
  key.append(1, '\n').append(user);
  const auto known = told_.find(key);
  const bool is_due =
      known == told_.end() ? told_.size() < size_max_ : now_ms - known->second >= kIntervalMs;
  if (is_due) told_[std::move(key)] = now_ms;
  return is_due;
}

void TypingLimit::check() const { CHIRM_CHECK(told_.size() <= size_max_, told_.size(), size_max_); }

}  // namespace chirm
