// SPDX-License-Identifier: MIT
#pragma once
// What the subscribers of each room are owed at the end of a run: everything that anybody, in
// whatever worker, has received of the room's present log.

#include <cstdint>
#include <map>
#include <memory>
#include <utility>
#include <vector>

#include "bench/load/figures.h"
#include "bench/load/member.h"
#include "bench/load/room.h"
#include "bench/load/settings.h"

namespace chirm::load {

class Debts {
 public:
  using Rooms = std::vector<std::unique_ptr<Room>>;

  // The references must outlive it. Until require() was called a room owes what this worker knows.
  Debts(const Settings& settings, const Rooms& rooms) : settings_(settings), rooms_(rooms) {}

  // How far some worker saw one life of a room's log. Replaces what was said of that life before.
  void require(const Tip& tip);

  // The member has joined. Whether it has got everything.
  bool are_paid(const Member& member) const;
  // The member has joined. Adds what it has not got to the violations. At the end of a run.
  void audit(Member& member) const;

 private:
  using RoomEpoch = std::pair<std::uint32_t, std::uint64_t>;  // room, hash of the epoch's name

  std::uint64_t owed_end(const Member& member) const;
  std::uint64_t behind_the_times(const Member& member) const;

  const Settings& settings_;
  const Rooms& rooms_;
  std::map<RoomEpoch, Tip> required_;
};

}  // namespace chirm::load
