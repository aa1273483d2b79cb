// SPDX-License-Identifier: MIT
#pragma once
// Rooms as clients see them. Private to core/rooms.

#include <cstdint>
#include <string>
#include <string_view>

#include "core/rooms/room_store.h"
#include "core/rooms/standing.h"
#include "protocol/json_writer.h"

namespace chirm {

// The members of a room's JSON object; the writer has it open.
void add_room(JsonWriter& json, std::string_view room, const Standing& standing,
              std::uint64_t members);

// How many are in a room; under way from the beginning.
class MemberCount {
 public:
  MemberCount(RoomStore& store, std::string_view room)
      : all_(store.count("member:" + std::string(room))),
        outside_(store.count("outside:" + std::string(room))) {}
  Task<Result<std::uint64_t>> get();

 private:
  Future<Expected<std::uint64_t, ErrorCode>> all_;
  Future<Expected<std::uint64_t, ErrorCode>> outside_;
};

// {"room":…} as result of a method.
Task<RpcResult> room_result(RoomStore& store, std::string room, Standing standing);

}  // namespace chirm
