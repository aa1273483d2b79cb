// SPDX-License-Identifier: MIT
#pragma once
// What the subscribers of each room are owed at the end of a run: everything that anybody, in
// whatever worker, has received of the room's present log. Pure.

#include <cstdint>
#include <map>
#include <memory>
#include <utility>
#include <vector>

#include "bench/load/figures.h"
#include "bench/load/follower.h"
#include "bench/load/room.h"

namespace chirm::load {

class Debts {
 public:
  using Rooms = std::vector<std::unique_ptr<Room>>;

  // `rooms` must outlive it. Until require() is called a room owes what this worker knows of.
  explicit Debts(const Rooms& rooms) : rooms_(rooms) {}

  // How far some worker saw one life of a room's log. Replaces what was said of that life before.
  void require(const Tip& tip);

  // Whether a follower of rooms[room] has got everything. It must have joined.
  bool are_paid(std::uint32_t room, const Follower& follower) const;
  // Adds what a follower of rooms[room] has not got to the violations. It must have joined. At the
  // end of a run.
  void audit(std::uint32_t room, Follower& follower) const;

 private:
  using RoomEpoch = std::pair<std::uint32_t, std::uint64_t>;  // room, hash of the epoch's name

  std::uint64_t owed_end(std::uint32_t room, const Epoch& epoch) const;
  std::uint64_t behind_the_times(std::uint32_t room, const Epoch& own) const;

  const Rooms& rooms_;
  std::map<RoomEpoch, Tip> required_;
};

}  // namespace chirm::load
