// SPDX-License-Identifier: MIT
#pragma once
// How many rooms there are, and how many of them one user owns. Exact across nodes: the user's
// rooms are marks in a collection of the user's (records.h). A mark is written before the room is,
// and then they are counted: of several who make the last one at the same time, none gets one too
// many. Private to core/rooms.

#include <string>

#include "core/chat/chat_settings.h"
#include "core/rooms/room_store.h"

namespace chirm {

class RoomQuota {
 public:
  // Both must outlive the quota.
  RoomQuota(RoomStore& store, const ChatSettings& settings) : store_(store), settings_(settings) {}

  // Whether the cluster may have one more room. kLimitExceeded: it may not.
  Task<Result<void>> check_cluster(UserRole role);
  // Counts the room as the user's before it is. kLimitExceeded: they own as many as they may.
  // Whoever has called it calls settle() when they know whether the room is the user's.
  Task<Result<void>> take(std::string user, std::string room, UserRole role);
  // Makes the mark say what the room's record says.
  Task<Result<void>> settle(std::string user, std::string room);

 private:
  RoomStore& store_;
  const ChatSettings& settings_;
};

}  // namespace chirm
