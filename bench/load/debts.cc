// SPDX-License-Identifier: MIT
#include "bench/load/debts.h"

#include <algorithm>

namespace chirm::load {

void Debts::require(const Tip& tip) { required_[{tip.room, tip.epoch}] = tip; }

bool Debts::are_paid(std::uint32_t room, const Follower& follower) const {
  const Epoch& own = *follower.epoch();
  return behind_the_times(room, own) == 0 && follower.missing_before(owed_end(room, own)) == 0;
}

void Debts::audit(std::uint32_t room, Follower& follower) const {
  const Epoch& own = *follower.epoch();
  follower.audit(owed_end(room, own));
  // Whoever stayed in a former life of the room has got nothing of the present one.
  if (const std::uint64_t missed = behind_the_times(room, own); missed != 0) {
    rooms_[room]->violate(&Violations::lost, &own, follower.next(), 0, missed);
  }
}

// Where a life of a room ends. Here a publication may have come that the worker which told of it
// had not seen by then.
std::uint64_t Debts::owed_end(std::uint32_t room, const Epoch& epoch) const {
  const auto required = required_.find({room, hash_of(epoch.name)});
  return required == required_.end() ? epoch.log.end()
                                     : std::max(required->second.end, epoch.log.end());
}

// How much somebody has missed who stands in a former life of the room: all that is known of the
// life that the server named last, to whomever. Two lives have nothing in common but the clock of
// this machine that says when each was named, for all workers run on it.
std::uint64_t Debts::behind_the_times(std::uint32_t room, const Epoch& own) const {
  std::uint64_t newest_us = own.named_us;
  std::uint64_t missed = 0;
  const auto consider = [&](std::uint64_t named_us, std::uint64_t first, std::uint64_t end) {
    if (named_us <= newest_us) return;
    newest_us = named_us;
    missed = end - first;
  };
  for (const auto& epoch : rooms_[room]->epochs()) {
    if (epoch.get() != &own) consider(epoch->named_us, epoch->log.first(), epoch->log.end());
  }
  const std::uint64_t own_hash = hash_of(own.name);
  for (auto it = required_.lower_bound({room, 0}); it != required_.end(); ++it) {
    if (it->first.first != room) break;
    const Tip& tip = it->second;
    if (it->first.second == own_hash) {
      // Somebody was told of this life later than of any other: it is the present one.
      if (tip.named_us > newest_us) newest_us = tip.named_us, missed = 0;
    } else {
      consider(tip.named_us, tip.first, tip.end);
    }
  }
  return missed;
}

}  // namespace chirm::load
