// SPDX-License-Identifier: MIT
#include "core/broker/redis/kept/redis_rewrites.h"

#include <algorithm>

#include "core/base/check.h"

namespace chirm {

RedisRewrites::Seen RedisRewrites::note(const RedisRewriteNotice& notice) {
  const bool is_same_epoch = notice.epoch == epoch_;
  const bool follows = newest_.empty() || notice.rewrites == newest_.back().number + 1;
  if (is_same_epoch && notice.rewrites <= count_) {
    // A read was faster, and has told of it. But only the notice says where it was.
    if (follows) keep(notice);
    return Seen::kNothingNew;
  }
  const bool is_next = is_same_epoch && notice.rewrites == count_ + 1;
  if (!is_next || !follows) forget();
  epoch_ = notice.epoch;
  count_ = notice.rewrites;
  keep(notice);
  return is_next ? Seen::kNext : Seen::kSome;
}

// When it is too much, a quarter goes: one by one, all that is left would be moved each time.
void RedisRewrites::keep(const RedisRewriteNotice& notice) {
  newest_.push_back({notice.rewrites, notice.offset, std::string(notice.body)});
  std::size_t kept = bytes() + newest_.back().bytes();
  if (kept > kBytesMax) {
    auto end = newest_.begin();
    for (; kept > kBytesMax / 4 * 3 && end != newest_.end(); ++end) kept -= end->bytes();
    newest_.erase(newest_.begin(), end);
  }
  resize(kept);
}

void RedisRewrites::forget() {
  newest_ = {};  // with its memory
  resize(0);
}

// When there were more, what is kept stays: most often their notices are on the way, and go on from
// there. When there were fewer, the store has lost some.
RedisRewrites::Seen RedisRewrites::note(std::string_view epoch, std::uint64_t rewrites) {
  if (epoch == epoch_ && rewrites == count_) return Seen::kNothingNew;
  const bool is_first = epoch_.empty();
  if (epoch != epoch_ || rewrites < count_) forget();
  epoch_ = epoch;
  count_ = rewrites;
  return is_first ? Seen::kNothingNew : Seen::kSome;
}

const std::vector<RedisRewrites::Rewrite>& RedisRewrites::newest() const {
  static const std::vector<Rewrite> kNone;
  return newest_.empty() || newest_.back().number == count_ ? newest_ : kNone;
}

const std::string* RedisRewrites::find(std::uint64_t offset) const {
  const auto found = std::find_if(newest_.rbegin(), newest_.rend(),
                                  [&](const Rewrite& one) { return one.offset == offset; });
  return found == newest_.rend() ? nullptr : &found->body;
}

void RedisRewrites::check() const {
  CHIRM_CHECK(!epoch_.empty() || count_ == 0, count_);
  CHIRM_CHECK(newest_.size() <= count_, newest_.size(), count_);
  CHIRM_CHECK(newest_.empty() || newest_.back().number <= count_, count_);
  CHIRM_CHECK(
      newest_.empty() || newest_.back().number - newest_.front().number + 1 == newest_.size(),
      newest_.size());
  CHIRM_CHECK(bytes() <= kBytesMax, bytes());
  CHIRM_CHECK(newest_.empty() == (bytes() == 0), newest_.size(), bytes());
  Keeper::check();
}

}  // namespace chirm
