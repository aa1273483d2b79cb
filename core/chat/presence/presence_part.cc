// SPDX-License-Identifier: MIT
#include "core/chat/presence/presence_part.h"

#include <utility>

#include "core/base/check.h"

namespace chirm {

void PresencePart::ask(std::uint64_t now_ms) {
  is_asked_ = true;
  asked_ms_ = now_ms;
}

void PresencePart::answered() {
  is_known_ = true;
  is_asked_ = false;
}

void PresencePart::set_counts(const PresenceCounts& counts) {
  items_.clear();
  counts_ = counts;
  is_listed_ = false;
  answered();
}

// Pieces are collected beside the items, which stay what they were until the last piece has come:
// questions in between get an old answer, not half of a new one.
std::optional<PresencePart::Items> PresencePart::add_piece(const PresenceList& list) {
  if (list.piece == 0) {
    incoming_.clear();
    pieces_ = 0;
  }
  if (list.piece != pieces_) return std::nullopt;
  ++pieces_;
  read_presence_items(list.items, [&](std::string_view key, std::string_view value) {
    incoming_.emplace(key, value);
  });
  if (!list.is_last) return std::nullopt;
  pieces_ = kNoPieces;  // what follows without a piece 0 belongs to nothing
  Items before = std::exchange(items_, std::exchange(incoming_, {}));
  counts_ = {};
  is_listed_ = true;
  answered();
  return before;
}

// Before the list has come, a change says nothing: whether the key is in the list that follows
// depends on when that was made.
PresencePart::Replaced PresencePart::change(std::string_view key, const std::string_view* value) {
  if (!is_listed_) return {false, {}};
  const auto item = items_.find(key);
  if (item == items_.end()) {
    if (value != nullptr) items_.emplace(key, *value);
    return {true, {}};
  }
  std::string before = std::move(item->second);
  if (value != nullptr) {
    item->second = *value;
  } else {
    items_.erase(item);
  }
  return {true, std::move(before)};
}

void PresencePart::check() const {
  CHIRM_CHECK(is_listed_ || items_.empty(), items_.size());
  CHIRM_CHECK(!is_listed_ || (counts_.clients == 0 && counts_.users == 0), counts_.clients);
  CHIRM_CHECK(is_known_ || (is_asked_ && !is_listed_), is_asked_, is_listed_);
  CHIRM_CHECK(pieces_ != kNoPieces || incoming_.empty(), incoming_.size());
}

}  // namespace chirm
