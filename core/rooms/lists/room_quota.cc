// SPDX-License-Identifier: MIT
#include "core/rooms/lists/room_quota.h"

namespace chirm {

// Administrators always get in: a cluster that others have filled is put right by them.
Task<Result<void>> RoomQuota::check_cluster(UserRole role) {
  const std::uint64_t reserve = role == UserRole::kAdmin ? kRoomsForAdmins : 0;
  const std::uint64_t rooms = co_await ok(store_.count(kRoomCollection));
  if (rooms < settings_.rooms_max + reserve) co_return {};
  co_return limit_exceeded("there are too many rooms: an administrator can delete some");
}

Task<Result<void>> RoomQuota::take(std::string user, std::string room, UserRole role) {
  co_await ok(store_.mark(owned_by(user), room, true));
  if (role == UserRole::kAdmin) co_return {};
  const auto owned = co_await store_.count(owned_by(user));
  if (owned && *owned <= settings_.rooms_per_user) co_return {};
  (void)co_await settle(user, room);
  if (!owned) co_return Unexpected<RpcError>(RpcError(owned.error()));
  co_return limit_exceeded("at most " + std::to_string(settings_.rooms_per_user) +
                           " rooms may be one user's: delete one, or hand it over");
}

// A room that is being deleted is nobody's: it is given back at once, and not when all of it is
// gone.
Task<Result<void>> RoomQuota::settle(std::string user, std::string room) {
  const Kept<RoomRecord> kept = co_await ok(store_.rooms.read(kRoomCollection, room));
  const bool is_theirs = kept.exists() && !kept.record.is_deleted && kept.record.owner == user;
  co_return co_await store_.mark(owned_by(user), room, is_theirs);
}

}  // namespace chirm
