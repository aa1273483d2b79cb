// SPDX-License-Identifier: MIT
#pragma once
// Whose sets PresenceSets keeps: it knows this node's part of each set. Private to core/chat.

#include <cstddef>
#include <string_view>

#include "core/chat/presence/presence_records.h"

namespace chirm {

// Its calls are made from the loop, never from within a call of the sets, and may call the sets.
class PresenceOwner {
 public:
  virtual std::size_t own_clients(std::string_view set) const = 0;
  virtual PresenceCounts own_counts(std::string_view set) const = 0;
  virtual void each_own(std::string_view set, const PresenceItem& item) const = 0;
  // A key has come to the set or has gone from it, on any node, while the set is held here. Not
  // told: who was there before it was held, and what changes while a part is told as counts.
  virtual void on_came(std::string_view set, std::string_view key, std::string_view value) = 0;
  virtual void on_went(std::string_view set, std::string_view key, std::string_view value) = 0;

 protected:
  ~PresenceOwner() = default;
};

}  // namespace chirm
