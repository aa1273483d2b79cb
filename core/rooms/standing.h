// SPDX-License-Identifier: MIT
#pragma once
// What somebody is in a room at a moment, and what follows from it. Pure.

#include <compare>
#include <cstdint>
#include <string>
#include <string_view>

#include "core/chat/rpc.h"
#include "core/rooms/records.h"

namespace chirm {

// Each may what the one before may.
enum class Rank : std::uint8_t { kNone, kMember, kModerator, kOwner };

std::string_view text_of(Rank rank);

struct Standing {
  RoomRecord room;
  MemberRecord member;
  std::string user;
  UserRole role = UserRole::kUser;
  std::uint64_t now = 0;

  // In the room, whatever they are elsewhere.
  Rank rank() const;
  // What they may: an administrator is an owner everywhere.
  Rank power() const { return role == UserRole::kAdmin ? Rank::kOwner : rank(); }

  // Whether they may know that the room exists.
  bool may_know() const;
  Expected<void, RpcError> may_read() const;
  Expected<void, RpcError> may_join() const;
  Expected<void, RpcError> may_publish() const;
};

Unexpected<RpcError> no_such_room();
Unexpected<RpcError> not_allowed(std::string why);
// "banned until 2026-11-22 23:00 UTC: spam"
std::string describe(std::string_view what, const Sanction& sanction);

}  // namespace chirm
