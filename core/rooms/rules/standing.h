// SPDX-License-Identifier: MIT
#pragma once
// What somebody is in a room at a moment. What they may do there is said in judge.h. Pure. Private
// to core/rooms.

#include <cstdint>
#include <string>
#include <string_view>

#include "core/rooms/rules/records.h"

namespace chirm {

// In a room. Each rank may do all that the one before it may.
enum class Rank : std::uint8_t { kNone, kMember, kModerator, kOwner };

// As clients know it; "" for kNone.
std::string_view text_of(Rank rank);

// The rank of `user`, whose record in the room is `member`, at unix time `now` in milliseconds.
Rank rank_in(const RoomRecord& room, const MemberRecord& member, std::string_view user,
             std::uint64_t now);

// A user in a room, as the store said at `now`, in unix milliseconds.
struct Standing {
  RoomRecord room;
  MemberRecord member;  // of `user` in `room`
  std::string user;
  UserRole role = UserRole::kUser;
  std::uint64_t now = 0;

  Rank rank() const { return rank_in(room, member, user, now); }
};

// A sanction for people: "banned until 2026-11-22 23:00:00 UTC: spam", where `what` is "banned".
std::string describe(std::string_view what, const Sanction& sanction);

}  // namespace chirm
