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
  if (!is_next || !follows) drop_oldest_until(0);
  epoch_ = notice.epoch;
  count_ = notice.rewrites;
  keep(notice);
  return is_next ? Seen::kNext : Seen::kSome;
}

// When there were more, what is kept stays: most often their notices are on the way, and go on from
// there. When there were fewer, the store has lost some.
RedisRewrites::Seen RedisRewrites::note(std::string_view epoch, std::uint64_t rewrites) {
  if (epoch == epoch_ && rewrites == count_) return Seen::kNothingNew;
  const bool is_first = epoch_.empty();
  if (epoch != epoch_ || rewrites < count_) {
    drop_oldest_until(0);
    resize();
  }
  epoch_ = epoch;
  count_ = rewrites;
  return is_first ? Seen::kNothingNew : Seen::kSome;
}

void RedisRewrites::note_unnumbered(const std::vector<std::uint64_t>& offsets) {
  for (const std::uint64_t offset : offsets) {
    if (offset > 0 && !is_rewritten(offset)) keep_offset(offset);
  }
  resize();
}

// When it is too much, a quarter goes: one by one, all that is left would be moved each time.
void RedisRewrites::keep(const RedisRewriteNotice& notice) {
  newest_.push_back({notice.rewrites, notice.offset, std::string(notice.body)});
  newest_bytes_ += newest_.back().bytes();
  if (newest_bytes_ > kBytesMax) drop_oldest_until(kBytesMax / 4 * 3);
  resize();
}

// That they were rewritten stays known.
void RedisRewrites::drop_oldest_until(std::size_t bytes) {
  auto end = newest_.begin();
  for (; newest_bytes_ > bytes && end != newest_.end(); ++end) {
    newest_bytes_ -= end->bytes();
    keep_offset(end->offset);
  }
  newest_.erase(newest_.begin(), end);
}

void RedisRewrites::keep_offset(std::uint64_t offset) {
  const auto place = std::ranges::lower_bound(unnumbered_, offset);
  if (place != unnumbered_.end() && *place == offset) return;
  unnumbered_.insert(place, offset);
  if (unnumbered_.size() > kOffsetsMax) unnumbered_.erase(unnumbered_.begin());
}

void RedisRewrites::resize() {
  Keeper::resize(newest_bytes_ + unnumbered_.size() * sizeof(unnumbered_[0]));
}

void RedisRewrites::forget() {
  newest_ = {};  // with its memory
  unnumbered_ = {};
  newest_bytes_ = 0;
  resize();
}

const std::vector<RedisRewrites::Rewrite>& RedisRewrites::newest() const {
  static const std::vector<Rewrite> kNone;
  return newest_.empty() || newest_.back().number == count_ ? newest_ : kNone;
}

std::vector<std::uint64_t> RedisRewrites::unnumbered() const {
  std::vector<std::uint64_t> offsets = unnumbered_;
  if (!newest().empty()) return offsets;
  for (const Rewrite& one : newest_) offsets.push_back(one.offset);
  std::ranges::sort(offsets);
  offsets.erase(std::ranges::unique(offsets).begin(), offsets.end());
  return offsets;
}

bool RedisRewrites::is_rewritten(std::uint64_t offset) const {
  return std::ranges::binary_search(unnumbered_, offset) ||
         std::ranges::find(newest_, offset, &Rewrite::offset) != newest_.end();
}

void RedisRewrites::check() const {
  CHIRM_CHECK(!epoch_.empty() || count_ == 0, count_);
  CHIRM_CHECK(newest_.size() <= count_, newest_.size(), count_);
  CHIRM_CHECK(newest_.empty() || newest_.back().number <= count_, count_);
  CHIRM_CHECK(
      newest_.empty() || newest_.back().number - newest_.front().number + 1 == newest_.size(),
      newest_.size());
  CHIRM_CHECK(newest_bytes_ <= kBytesMax, newest_bytes_);
  CHIRM_CHECK(newest_.empty() == (newest_bytes_ == 0), newest_.size(), newest_bytes_);
  CHIRM_CHECK(unnumbered_.size() <= kOffsetsMax, unnumbered_.size());
  CHIRM_CHECK(empty() == (bytes() == 0), bytes());
  Keeper::check();
}

}  // namespace chirm
