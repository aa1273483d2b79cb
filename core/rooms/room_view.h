// SPDX-License-Identifier: MIT
#pragma once
// Rooms as clients see them. Private to core/rooms.

#include <cstdint>
#include <string>
#include <string_view>

#include "core/rooms/room_store.h"
#include "core/rooms/rules/standing.h"
#include "protocol/json_writer.h"

namespace chirm {

// Adds the members of a room's JSON object, which the writer has open; `members` is how many are in
// it.
void add_room(JsonWriter& json, std::string_view room, const Standing& standing,
              std::uint64_t members);

// How many are in a room. Asked when it is constructed, so that several are under way at once.
class MemberCount {
 public:
  // The store is not used any more once this has returned.
  MemberCount(RoomStore& store, std::string_view room)
      : records_(store.count(members_of(room))), outsiders_(store.count(outsiders_of(room))) {}
  // To be called once.
  Task<Result<std::uint64_t>> get();

 private:
  Future<Expected<std::uint64_t, ErrorCode>> records_;
  Future<Expected<std::uint64_t, ErrorCode>> outsiders_;
};

// {"room":…} as result of a method.
Task<RpcResult> room_result(RoomStore& store, std::string room, Standing standing);

}  // namespace chirm
