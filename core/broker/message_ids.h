// SPDX-License-Identifier: MIT
#pragma once
// The message ids of the embedded stores: they tell which publication a retry repeats. In memory,
// and bounded. Private to core/broker.

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>

#include "core/base/check.h"

namespace chirm {

// What a publish with a message id is known by within its channel; "" of one without. The user's
// length keeps user "a", id "bc" apart from user "ab", id "c". (A separator would not: both may
// contain any byte.)
inline std::string message_key(std::string_view user, std::string_view id) {
  if (id.empty()) return {};
  std::string key = std::to_string(user.size());
  key.reserve(key.size() + 1 + user.size() + id.size());
  return key.append(1, ':').append(user).append(id);
}

class MessageIds {
 public:
  // Beyond `size_max` ids, the oldest are forgotten before their time.
  explicit MessageIds(std::size_t size_max) : size_max_(size_max) {}

  // The offset that was added under the key.
  std::optional<std::uint64_t> find(const std::string& key) const {
    const auto found = offsets_.find(key);
    return found == offsets_.end() ? std::nullopt : std::optional(found->second);
  }
  // Adds a key that is not found, at a time that is not before that of the last one. (A file that
  // is loaded may hold a key twice, because it was forgotten in between.)
  void add(std::string key, std::uint64_t offset, std::int64_t now_ms) {
    CHIRM_CHECK(!key.empty());
    offsets_[key] = offset;
    by_time_.push_back({now_ms, offset, std::move(key)});
    if (by_time_.size() > size_max_) drop_oldest();
  }
  // Forgets what was added at or before that time.
  void forget_until(std::int64_t time_ms) {
    while (!by_time_.empty() && by_time_.front().time_ms <= time_ms) drop_oldest();
  }
  // Takes back the newest `count` additions.
  void take_back(std::size_t count) {
    for (; count > 0 && !by_time_.empty(); --count) {
      offsets_.erase(by_time_.back().key);
      by_time_.pop_back();
    }
  }
  bool empty() const { return by_time_.empty(); }
  std::size_t size() const { return by_time_.size(); }

  // What the members promise of each other; looks at both ends only.
  void check() const {
    CHIRM_CHECK(by_time_.size() <= size_max_, by_time_.size(), size_max_);
    CHIRM_CHECK(offsets_.size() <= by_time_.size(), offsets_.size(), by_time_.size());
    if (by_time_.empty()) return;
    CHIRM_CHECK(by_time_.front().time_ms <= by_time_.back().time_ms, by_time_.front().time_ms,
                by_time_.back().time_ms);
    const auto newest = offsets_.find(by_time_.back().key);
    CHIRM_CHECK(newest != offsets_.end() && newest->second == by_time_.back().offset,
                by_time_.back().offset);
  }

 private:
  void drop_oldest() {
    // A key that was added again since stays, with its newer offset.
    const Added& oldest = by_time_.front();
    const auto found = offsets_.find(oldest.key);
    if (found != offsets_.end() && found->second == oldest.offset) offsets_.erase(found);
    by_time_.pop_front();
  }

  struct Added {
    std::int64_t time_ms;
    std::uint64_t offset;
    std::string key;
  };
  std::size_t size_max_;
  std::unordered_map<std::string, std::uint64_t> offsets_;
  std::deque<Added> by_time_;
};

}  // namespace chirm
