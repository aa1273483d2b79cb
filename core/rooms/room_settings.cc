// SPDX-License-Identifier: MIT
// What changes a room itself: who owns it and moderates, what it says of itself, and its end.
#include "core/rooms/moderation.h"
#include "core/rooms/names.h"
#include "core/rooms/room_view.h"

namespace chirm {

namespace {

constexpr const char* kEmptyResult = "{}";

}  // namespace

Task<RpcResult> Moderation::role(RpcCaller caller, Request request) {
  const auto standing = co_await actor_on(caller, request, Rank::kOwner);
  if (!standing) co_return Unexpected<RpcError>(standing.error());
  if (request.role == Rank::kOwner) co_return co_await hand_over(*standing, request);
  if (standing->room.owner == request.user) {
    co_return not_allowed("a room has an owner: hand it over to somebody");
  }
  const auto wanted = request.role == Rank::kModerator ? MemberRecord::Role::kModerator
                                                       : MemberRecord::Role::kMember;
  const auto change = [&](Kept<MemberRecord>& kept) -> Result<bool> {
    if (!kept.record.is_member()) {
      return Unexpected<RpcError>(RpcError(404, "no such member"));
    }
    return std::exchange(kept.record.role, wanted) != wanted;
  };
  const auto changed = co_await store_.update_member(request.room, request.user, change);
  if (!changed) co_return Unexpected<RpcError>(changed.error());
  if (changed->is_changed) {
    store_.tell_room(request.room, {.event = "role",
                                    .user = request.user,
                                    .by = caller.user,
                                    .value = std::string(text_of(request.role))});
  }
  co_return kEmptyResult;
}

// The room says who owns it, so that there is never a second one.
Task<RpcResult> Moderation::hand_over(Standing actor, Request request) {
  const auto person = co_await people_.find(request.user);
  if (!person) co_return Unexpected<RpcError>(person.error());
  if (person->role == UserRole::kGuest) co_return not_allowed("a guest cannot own a room");
  const std::string members = "member:" + request.room;
  const auto member = co_await store_.members.read(members, request.user);
  if (!member) co_return Unexpected<RpcError>(member.error());
  if (!member->record.is_member()) {
    co_return Unexpected<RpcError>(RpcError(404, "no such member"));
  }
  std::string before;
  const auto give = [&](Kept<RoomRecord>& kept) -> Result<bool> {
    if (!kept.exists()) return no_such_room();
    if (actor.role != UserRole::kAdmin && kept.record.owner != actor.user) {
      return not_allowed("only the owner may do that");
    }
    before = std::exchange(kept.record.owner, request.user);
    return before != request.user;
  };
  const auto given = co_await store_.update(store_.rooms, "room", request.room, give);
  if (!given) co_return Unexpected<RpcError>(given.error());
  if (!given->is_changed) co_return kEmptyResult;
  const auto is_still = co_await store_.members.read(members, request.user);
  if (!is_still || !is_still->record.is_member()) {
    const auto take_back = [&](Kept<RoomRecord>& kept) {
      const bool is_theirs = kept.record.owner == request.user;
      if (is_theirs) kept.record.owner = before;
      return Result<bool>(is_theirs);
    };
    (void)co_await store_.update(store_.rooms, "room", request.room, take_back);
    co_return Unexpected<RpcError>(RpcError(409, "they have just left"));
  }
  const auto keep_moderator = [](Kept<MemberRecord>& kept) {
    if (!kept.record.is_member()) return Result<bool>(false);
    kept.record.role = MemberRecord::Role::kModerator;
    return Result<bool>(true);
  };
  if (!before.empty()) {
    (void)co_await store_.update_member(request.room, before, keep_moderator);
  }
  store_.tell_room(request.room,
                   {.event = "role", .user = request.user, .by = actor.user, .value = "owner"});
  co_return kEmptyResult;
}

Task<RpcResult> Moderation::set(RpcCaller caller, Request request) {
  if (!request.title && !request.topic && !request.is_public) {
    co_return Unexpected<RpcError>(
        RpcError(errors::kBadRequest.code, "expected title, topic or visibility"));
  }
  const bool is_only_topic = !request.title && !request.is_public;
  auto standing =
      co_await actor(caller, request.room, is_only_topic ? Rank::kModerator : Rank::kOwner);
  if (!standing) co_return Unexpected<RpcError>(standing.error());
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
  const auto changed = co_await store_.update(store_.rooms, "room", request.room, change);
  if (!changed) co_return Unexpected<RpcError>(changed.error());
  const RoomRecord& after = changed->record;
  RoomEvent event{.event = {}, .user = caller.user, .by = caller.user};
  const auto tell = [&](const char* what, const std::string& value) {
    event.event = what;
    event.value = value;
    store_.tell_room(request.room, event);
  };
  if (changed->is_changed) {
    if (after.title != before.title) tell("title", after.title);
    if (after.topic != before.topic) tell("topic", after.topic);
    if (after.is_public != before.is_public) {
      tell("visibility", after.is_public ? "public" : "private");
    }
  }
  standing->room = after;
  co_return co_await room_result(store_, request.room, *standing);
}

Task<RpcResult> Moderation::archive(RpcCaller caller, Request request) {
  auto standing = co_await actor(caller, request.room, Rank::kOwner);
  if (!standing) co_return Unexpected<RpcError>(standing.error());
  if (request.room == kLobby) co_return not_allowed("the lobby stays");
  const auto change = [&](Kept<RoomRecord>& kept) -> Result<bool> {
    if (!kept.exists()) return no_such_room();
    return std::exchange(kept.record.is_archived, request.is_archived) != request.is_archived;
  };
  const auto changed = co_await store_.update(store_.rooms, "room", request.room, change);
  if (!changed) co_return Unexpected<RpcError>(changed.error());
  if (changed->is_changed) {
    store_.tell_room(request.room, {.event = "archive",
                                    .user = caller.user,
                                    .by = caller.user,
                                    .value = request.is_archived ? "true" : "false"});
  }
  standing->room = changed->record;
  co_return co_await room_result(store_, request.room, *standing);
}

}  // namespace chirm
