// SPDX-License-Identifier: MIT
#pragma once
// A list that others fill for a user: invitations, and private conversations that others have
// begun. The newest are kept, and the oldest give way. Private to core/rooms.

#include <cstdint>
#include <string>
#include <vector>

#include "core/rooms/room_store.h"

namespace chirm {

// Takes out the oldest of a collection of ListRecords until it has fewer than `size_max` (> 0, at
// most DocumentStore::kListMax). Answers the channels that were taken out. Two who add at the same
// time may leave one more; the next who comes takes it out.
Task<Result<std::vector<std::string>>> make_space_in(RoomStore& store, std::string collection,
                                                     std::uint64_t size_max);

}  // namespace chirm
