// SPDX-License-Identifier: MIT
#pragma once
// Whom others want in their rooms. An invitation is in a list of its own, so that it never takes
// the place of a room that somebody is in. Private to core/rooms.

#include <cstdint>
#include <string>

#include "core/rooms/room_store.h"

namespace chirm {

class Invitations {
 public:
  // The store must outlive this.
  explicit Invitations(RoomStore& store) : store_(store) {}

  // Puts it into the user's list as the newest; the oldest give way when the list is full.
  Task<Result<void>> add(std::string user, std::string channel);
  // Turns down all that the user has. How many there were.
  Task<Result<std::uint64_t>> dismiss_all(std::string user);

 private:
  Task<Result<void>> withdraw(std::string room, std::string user);

  RoomStore& store_;
};

}  // namespace chirm
