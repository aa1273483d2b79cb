// SPDX-License-Identifier: MIT
#include "core/rooms/room_view.h"

#include "core/rooms/names.h"

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

Task<Result<std::uint64_t>> MemberCount::get() {
  const auto all = co_await all_;
  if (!all) co_return Unexpected<RpcError>(RpcError(all.error()));
  const auto outside = co_await outside_;
  if (!outside) co_return Unexpected<RpcError>(RpcError(outside.error()));
  co_return *all - std::min(*all, *outside);
}

Task<RpcResult> room_result(RoomStore& store, std::string room, Standing standing) {
  MemberCount count(store, room);
  const auto members = co_await count.get();
  if (!members) co_return Unexpected<RpcError>(members.error());
  JsonWriter json;
  json.open();
  add_room(json, room, standing, *members);
  json.close();
  co_return json.take();
}

}  // namespace chirm
