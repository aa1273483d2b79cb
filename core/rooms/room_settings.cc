// SPDX-License-Identifier: MIT
#include "core/rooms/room_settings.h"

#include <utility>

#include "core/rooms/people.h"
#include "core/rooms/room_view.h"

namespace chirm {

// The topic is a matter of the day, and moderators may change it; what the room is called and who
// can see it is its owner's.
Task<RpcResult> RoomSettings::set(RpcCaller caller, Request request) {
  if (!request.title && !request.topic && !request.is_public) {
    co_return bad_request("expected title, topic or visibility");
  }
  const bool is_only_topic = !request.title && !request.is_public;
  const Wish wish = is_only_topic ? Wish::kModerate : Wish::kOwn;
  Standing standing = co_await ok(store_.admit(wish, request.room, caller.user, caller.role));
  if (request.room == kLobby && request.is_public == false) {
    co_return not_allowed("the lobby is for everybody");
  }
  RoomRecord before;
  const auto change = [&](Kept<RoomRecord>& kept) -> Result<bool> {
    if (!kept.exists()) return no_such_room();
    before = kept.record;
    if (request.title) kept.record.title = *request.title;
    if (request.topic) kept.record.topic = *request.topic;
    if (request.is_public) kept.record.is_public = *request.is_public;
    return kept.record.title != before.title || kept.record.topic != before.topic ||
           kept.record.is_public != before.is_public;
  };
  const auto changed =
      co_await ok(store_.update(store_.rooms, kRoomCollection, request.room, change));
  if (changed.is_changed) tell_changes(caller, request.room, before, changed.record);
  standing.room = changed.record;
  co_return co_await room_result(store_, request.room, standing);
}

// One event each, as each is shown as a line of its own in the room.
void RoomSettings::tell_changes(const RpcCaller& caller, const std::string& room,
                                const RoomRecord& before, const RoomRecord& after) {
  const auto tell = [&](const char* what, const std::string& value) {
    announcer_.tell_room(room,
                         {.event = what, .user = caller.user, .by = caller.user, .value = value});
  };
  if (after.title != before.title) tell("title", after.title);
  if (after.topic != before.topic) tell("topic", after.topic);
  if (after.is_public != before.is_public) {
    tell("visibility", after.is_public ? "public" : "private");
  }
}

// That the room is read-only then, and closed to strangers, is judge()'s; here only the record
// changes.
Task<RpcResult> RoomSettings::archive(RpcCaller caller, Request request) {
  Standing standing = co_await ok(store_.admit(Wish::kOwn, request.room, caller.user, caller.role));
  if (request.room == kLobby) co_return not_allowed("the lobby stays");
  const auto change = [&](Kept<RoomRecord>& kept) -> Result<bool> {
    if (!kept.exists()) return no_such_room();
    return std::exchange(kept.record.is_archived, request.is_archived) != request.is_archived;
  };
  const auto changed =
      co_await ok(store_.update(store_.rooms, kRoomCollection, request.room, change));
  if (changed.is_changed) {
    announcer_.tell_room(request.room, {.event = "archive",
                                        .user = caller.user,
                                        .by = caller.user,
                                        .value = request.is_archived ? "true" : "false"});
  }
  standing.room = changed.record;
  co_return co_await room_result(store_, request.room, standing);
}

}  // namespace chirm
