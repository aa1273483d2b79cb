// SPDX-License-Identifier: MIT
#include "core/rooms/room_view.h"

#include <algorithm>

#include "core/rooms/rules/names.h"

namespace chirm {

void add_room(JsonWriter& json, std::string_view room, const Standing& standing,
              std::uint64_t members) {
  const RoomRecord& record = standing.room;
  json.add("room", room);
  json.add("channel", channel_of_room(room));
  json.add("title", record.title);
  json.add("topic", record.topic);
  json.add("visibility", record.is_public ? "public" : "private");
  json.add("archived", record.is_archived);
  json.add("members", members);
  const Rank rank = standing.rank();
  if (rank != Rank::kNone) json.add("role", text_of(rank));
}

// The two counts are of different moments, and the marks follow the records: there may seem to be
// more outsiders than records for a moment.
Task<Result<std::uint64_t>> MemberCount::get() {
  const std::uint64_t records = co_await ok(std::move(records_));
  const std::uint64_t outsiders = co_await ok(std::move(outsiders_));
  co_return records - std::min(records, outsiders);
}

Task<RpcResult> room_result(RoomStore& store, std::string room, Standing standing) {
  MemberCount count(store, room);
  const std::uint64_t members = co_await ok(count.get());
  JsonWriter json;
  json.open();
  add_room(json, room, standing, members);
  json.close();
  co_return json.take();
}

}  // namespace chirm
