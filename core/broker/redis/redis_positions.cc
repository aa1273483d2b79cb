// SPDX-License-Identifier: MIT
#include "core/broker/redis/redis_positions.h"

#include <utility>

#include "core/base/check.h"

namespace chirm {

namespace {
// Entries that check() looks at in one call, so that a turn's checking does not grow with the node.
constexpr std::size_t kCheckedPositions = 16;
}  // namespace

void RedisPositions::note(std::string_view channel, const Position& position) {
  CHIRM_CHECK(!position.epoch.empty(), channel);
  auto found = fresh_.find(channel);
  if (found == fresh_.end()) {
    if (fresh_.size() >= kChannelsMax) return;
    const Position* const before = find(channel);
    found = fresh_.emplace(channel, before == nullptr ? Position{} : *before).first;
  }
  Position& noted = found->second;
  // Answers come in the order of the requests, so another epoch is a newer one. Within an epoch a
  // repeated message id is answered with an offset of long ago.
  if (noted.epoch != position.epoch || noted.offset < position.offset) noted = position;
}

const Position* RedisPositions::find(std::string_view channel) const {
  for (const Positions* positions : {&fresh_, &aged_, &said_}) {
    const auto found = positions->find(channel);
    if (found != positions->end()) return &found->second;
  }
  return nullptr;
}

std::vector<std::string> RedisPositions::channels() const {
  std::vector<std::string> names;
  const auto add = [&](const std::string& channel, const Position&) {
    names.push_back(channel);
    return true;
  };
  (void)visit_unsaid(add);  // never ends before the last
  for (const auto& [channel, position] : said_) {
    if (!fresh_.contains(channel) && !aged_.contains(channel)) names.push_back(channel);
  }
  return names;
}

// A Redis that takes publications and no leases (a right that is missing) is no reason to grow: of
// what was said then, the newest stays.
void RedisPositions::age() {
  const bool has_room = aged_.size() + said_.size() <= kChannelsMax;
  if (has_room) aged_.merge(said_);  // what is in both is newer there
  said_ = std::exchange(aged_, std::exchange(fresh_, {}));
}

void RedisPositions::check() const {
  for (const Positions* positions : {&fresh_, &aged_, &said_}) {
    CHIRM_CHECK(positions->size() <= kChannelsMax, positions->size());
    std::size_t looked_at = 0;
    for (const auto& [channel, position] : *positions) {
      if (++looked_at > kCheckedPositions) break;
      CHIRM_CHECK(!position.epoch.empty(), channel, position.offset);
    }
  }
}

}  // namespace chirm
