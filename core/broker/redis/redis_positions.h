// SPDX-License-Identifier: MIT
#pragma once
// How far channels have got in Redis, as this node learnt from answers lately: from its own
// publishes and from what it has put back. So a position is known also for a channel that the node
// does not follow, or whose message has not come yet. Bounded, in memory. Private to core/broker.
//
//   note() → fresh ──age()──▶ aged ──age()──▶ said ──note_lease()──▶ forgotten
//
// age() is called once per digest, so each position is said in two of them. A Redis that hangs
// answers nothing for long, and may come back without its newest writes: so what was said is kept
// until a lease was written behind it, which is gone as well if the position is (redis_life.h).

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

  // What was noted and is not forgotten, or null. Valid until the next change.
  const Position* find(std::string_view channel) const;
  // Each channel of which find() knows something, once.
  std::vector<std::string> channels() const;

  // Whether a digest has nothing to say.
  bool is_all_said() const { return fresh_.empty() && aged_.empty(); }
  // Calls `visit(channel, position)` for each channel that a digest is to name, with what find()
  // says, until it returns false; false then.
  template <class Visit>
  bool visit_unsaid(const Visit& visit) const {
    for (const auto& [channel, position] : fresh_) {
      if (!visit(channel, position)) return false;
    }
    for (const auto& [channel, position] : aged_) {
      if (!fresh_.contains(channel) && !visit(channel, position)) return false;
    }
    return true;
  }

  void age();
  // Redis has written a lease of this node, behind all that was noted until now: its answers come
  // in the order in which it ran what was asked.
  void note_lease() { said_.clear(); }

  // What the members promise of each other; looks at a few entries only.
  void check() const;

 private:
  using Positions = std::unordered_map<std::string, Position, StringHash, std::equal_to<>>;

  Positions fresh_;
  Positions aged_;
  Positions said_;
};

}  // namespace chirm
