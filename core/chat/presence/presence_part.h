// SPDX-License-Identifier: MIT
#pragma once
// Another node's part of a set, as far as that node has told of it. Private to core/chat.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "core/base/string_hash.h"
#include "core/chat/presence/presence_records.h"

namespace chirm {

class PresencePart {
 public:
  using Items = std::unordered_map<std::string, std::string, StringHash, std::equal_to<>>;

  // The part has been asked for, now. With is_news its first list is news: whoever is in it has
  // just come, for the node has.
  explicit PresencePart(std::uint64_t now_ms, bool is_news = false)
      : is_news_(is_news), asked_ms_(now_ms) {}

  // It is asked for (again). An answer is due from now on.
  void ask(std::uint64_t now_ms);
  // Asked for so long ago, and not answered.
  bool is_overdue(std::uint64_t now_ms, std::uint64_t limit_ms) const {
    return is_asked_ && now_ms - asked_ms_ >= limit_ms;
  }

  // The whole part, as counts only.
  void set_counts(const PresenceCounts& counts);
  // A piece of the whole part as a list. When it was the last one, the part is now this list, and
  // what it was before is returned. A list of which a piece is missing is dropped: it will be asked
  // for again.
  std::optional<Items> add_piece(const PresenceList& list);
  // A key has come, has another value, or has gone: then `value` is null. Ignored unless the part
  // is listed. Returns what the value was before; nullopt: there was none.
  struct Replaced {
    bool is_noted;  // false: ignored
    std::optional<std::string> before;
  };
  Replaced change(std::string_view key, const std::string_view* value);

  // It has come once.
  bool is_known() const { return is_known_; }
  bool is_listed() const { return is_listed_; }
  // Whether the owner is to be told of the difference that the next list makes.
  bool is_difference_told() const { return is_known_ ? is_listed_ : is_news_; }
  const PresenceCounts& counts() const { return counts_; }  // zero while it is listed
  const Items& items() const { return items_; }             // none unless it is listed

  void check() const;

 private:
  static constexpr std::uint32_t kNoPieces = UINT32_MAX;

  void answered();

  bool is_asked_ = true;
  bool is_known_ = false;
  const bool is_news_;
  bool is_listed_ = false;
  std::uint64_t asked_ms_;
  PresenceCounts counts_;
  Items items_;
  Items incoming_;                    // of a list that has not come whole yet
  std::uint32_t pieces_ = kNoPieces;  // of it that have come
};

}  // namespace chirm
