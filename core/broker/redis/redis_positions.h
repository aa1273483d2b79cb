// SPDX-License-Identifier: MIT
#pragma once
// How far channels have got in Redis, as this node learnt from answers lately: from its own
// publishes and from what it has put back. So a position is known also for a channel that the node
// does not follow, or whose message has not come yet. Bounded, in memory. Private to core/broker.
//
//   note() → fresh ──age()──▶ aged ──age()──▶ forgotten        age(): once per digest

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "core/base/string_hash.h"
#include "core/broker/broker.h"

namespace chirm {

class RedisPositions {
 public:
  // Channels beyond this many are not noted until the next age(): a busy node's next publications
  // are close.
  static constexpr std::size_t kChannelsMax = 16'384;

  // Redis has this position, and has told all who follow the channel. The epoch is not "". Of one
  // epoch, the higher offset stays.
  void note(std::string_view channel, const Position& position);

  // What was noted since the last call but one of age(), or null. Valid until the next change.
  const Position* find(std::string_view channel) const;
  // Each channel of which find() knows something, once.
  std::vector<std::string> channels() const;
  bool empty() const { return fresh_.empty() && aged_.empty(); }

  // Calls `visit(channel, position)` for each of channels(), with what find() says, until it
  // returns false; false then.
  template <class Visit>
  bool visit(const Visit& visit) const {
    for (const auto& [channel, position] : fresh_) {
      if (!visit(channel, position)) return false;
    }
    for (const auto& [channel, position] : aged_) {
      if (!fresh_.contains(channel) && !visit(channel, position)) return false;
    }
    return true;
  }

  void age();

  // What the members promise of each other; looks at a few entries only.
  void check() const;

 private:
  using Positions = std::unordered_map<std::string, Position, StringHash, std::equal_to<>>;

  Positions fresh_;
  Positions aged_;
};

}  // namespace chirm
