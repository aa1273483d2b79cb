// SPDX-License-Identifier: MIT
#include "core/rooms/membership.h"

#include <utility>

#include "core/rooms/room_deletion.h"
#include "core/rooms/room_view.h"
#include "core/rooms/rules/names.h"

namespace chirm {

// ---- Making

Task<Result<void>> Membership::check_may_create(RpcCaller caller) {
  if (caller.role == UserRole::kGuest) co_return not_allowed("guests cannot create rooms");
  const bool is_for_admins = settings_.rooms == ChatSettings::Rooms::kAdmins;
  if (is_for_admins && caller.role != UserRole::kAdmin) {
    co_return not_allowed("only administrators may create rooms");
  }
  co_await ok(quota_.check_cluster(caller.role));
  co_await ok(check_list_space(caller.user));
  co_return {};
}

// Where rooms need not be made, others may have talked there already: nobody but an administrator
// becomes the owner of what they said.
Task<Result<void>> Membership::check_unused(RpcCaller caller, std::string room) {
  if (!settings_.has_open_rooms() || caller.role == UserRole::kAdmin) co_return {};
  const History newest = co_await ok(store_.newest(channel_of_room(room)));
  // Of a room that was deleted nothing is left to be owned.
  const bool is_blank =
      !newest.publications.empty() && RoomDeletion::is_blank(newest.publications.front().body);
  if (newest.top.offset != 0 && !is_blank) co_return conflict("people talk there already");
  co_return {};
}

Task<Result<void>> Membership::check_list_space(std::string user) {
  const bool has_space = co_await ok(store_.has_list_space(std::move(user)));
  if (!has_space) co_return limit_exceeded("the list of rooms is full");
  co_return {};
}

Task<RpcResult> Membership::create(RpcCaller caller, Request request) {
  co_await ok(check_may_create(caller));
  co_await ok(check_unused(caller, request.room));
  const auto build = [&](Kept<RoomRecord>& kept) -> Result<bool> {
    if (kept.record.is_deleted) return conflict("a room of that name is being deleted", true);
    if (kept.exists()) return conflict("there is a room of that name already");
    kept.record = {.title = request.title.value_or(request.room),
                   .topic = request.topic.value_or(""),
                   .is_public = request.is_public.value_or(true),
                   .is_archived = false,
                   .is_deleted = false,
                   .owner = caller.user,
                   .created = store_.now()};
    return true;
  };
  co_await ok(quota_.take(caller.user, request.room, caller.role));
  // The room comes first, and names its owner: if all that follows fails, they can still join it.
  const auto built = co_await store_.update(store_.rooms, kRoomCollection, request.room, build);
  // Also of one that was made: another attempt to make it may have taken the mark away.
  (void)co_await quota_.settle(caller.user, request.room);
  co_await ok(built);
  announcer_.tell_room(request.room, {.event = "created", .user = caller.user});
  const Standing standing = co_await ok(store_.standing(request.room, caller.user, caller.role));
  (void)co_await ok(enter(request.room, standing, caller.name));
  announcer_.tell_listed(caller.user, channel_of_room(request.room));
  co_return co_await answer_with_room(caller, request.room);
}

// ---- Entering and leaving

// The list is written first, so that whoever is in a room has it in the list whatever breaks in
// between: what is listed without being a member is found and removed by chat.sync.
Task<Result<bool>> Membership::enter(std::string room, Standing standing, std::string name) {
  const std::string channel = channel_of_room(room);
  // Written also when it is there: somebody may be about to take it away, and loses against a newer
  // version.
  const auto list = [](const Kept<ListRecord>&) { return Result<bool>(true); };
  (void)co_await ok(store_.update_list(standing.user, channel, list));
  const History newest = co_await ok(store_.newest(channel));
  const auto join = [&](Kept<MemberRecord>& kept) -> Result<bool> {
    if (kept.record.is_member()) return false;
    // Judged by the record that is about to be replaced: a ban may have come since the caller was
    // let in.
    standing.member = kept.record;
    if (const auto* its_room = store_.rooms.find(kRoomCollection, room)) {
      standing.room = its_room->record;
    }
    standing.now = store_.now();
    if (const auto allowed = judge(Wish::kJoin, standing); !allowed) {
      return Unexpected<RpcError>(allowed.error());
    }
    kept.record.role = MemberRecord::Role::kMember;
    kept.record.joined = standing.now;
    kept.record.name = name;
    kept.record.invited_by.clear();
    kept.record.removed.reset();
    kept.record.ban = {};
    return true;
  };
  const auto joined = co_await ok(store_.update_member(room, standing.user, join));
  if (!joined.is_changed) co_return false;
  co_await ok(check_was_open(room, standing));
  // Listed again, for between the two writes chat.sync may have removed it. What was said before
  // they came counts as read.
  const auto begin = [&](Kept<ListRecord>& kept) {
    kept.record.read = newest.top.offset;
    return Result<bool>(true);
  };
  (void)co_await store_.update_list(standing.user, channel, begin);
  (void)co_await store_.unlist_from(invitations_of(standing.user), channel);
  co_return true;
}

// Room and member are two documents. If the room was closed between the look at it and the member's
// record, whoever closed it did not see this member. So the room is read again, now that the record
// is there: one of the two sees the other.
Task<Result<void>> Membership::check_was_open(std::string room, Standing before) {
  const Kept<RoomRecord> its_room = co_await ok(store_.rooms.read(kRoomCollection, room));
  before.room = its_room.record;
  const auto allowed =
      its_room.exists() ? judge(Wish::kJoin, before) : Result<void>(no_such_room());
  if (allowed) co_return {};
  const auto go = [](Kept<MemberRecord>& kept) {
    return Result<bool>(std::exchange(kept.record.role, MemberRecord::Role::kNone) !=
                        MemberRecord::Role::kNone);
  };
  (void)co_await store_.update_member(room, before.user, go);
  (void)co_await store_.unlist(before.user, channel_of_room(room));
  co_return allowed;
}

Task<RpcResult> Membership::join(RpcCaller caller, Request request) {
  const Standing standing = co_await ok(store_.standing(request.room, caller.user, caller.role));
  if (!standing.member.is_member()) {
    co_await ok(judge(Wish::kJoin, standing));
    co_await ok(check_list_space(caller.user));
  }
  const bool is_new = co_await ok(enter(request.room, standing, caller.name));
  if (is_new) {
    announcer_.tell_room(request.room, {.event = "join", .user = caller.user});
    announcer_.tell_listed(caller.user, channel_of_room(request.room));
  }
  co_return co_await answer_with_room(caller, request.room);
}

Task<RpcResult> Membership::answer_with_room(RpcCaller caller, std::string room) {
  const Standing standing = co_await ok(store_.standing(room, caller.user, caller.role));
  co_return co_await room_result(store_, room, standing);
}

// Also turns an invitation down.
Task<RpcResult> Membership::leave(RpcCaller caller, Request request) {
  const Standing standing =
      co_await ok(store_.admit(Wish::kLeave, request.room, caller.user, caller.role));
  bool was_member = false;
  const auto go = [&](Kept<MemberRecord>& kept) -> Result<bool> {
    was_member = kept.record.is_member();
    if (!was_member && kept.record.invited_by.empty()) return false;
    kept.record.role = MemberRecord::Role::kNone;
    kept.record.invited_by.clear();
    return true;
  };
  const auto gone = co_await ok(store_.update_member(request.room, caller.user, go));
  const auto its_room = co_await store_.rooms.read(kRoomCollection, request.room);
  if (gone.is_changed && its_room && its_room->record.owner == caller.user) {
    // The room was handed over to them at the moment in which they left. An owner stays.
    const auto again = co_await enter(request.room, standing, caller.name);
    if (again) co_return not_allowed("hand the room over first");
  }
  const std::string channel = channel_of_room(request.room);
  (void)co_await store_.unlist(caller.user, channel);
  // They may have joined again meanwhile, on another device: then it belongs in the list.
  const auto member = co_await store_.member(request.room, caller.user);
  if (member && member->record.is_member()) {
    const auto list = [](const Kept<ListRecord>& kept) { return Result<bool>(!kept.exists()); };
    (void)co_await store_.update_list(caller.user, channel, list);
  }
  if (!gone.is_changed) co_return kEmptyResult;
  if (was_member) announcer_.tell_room(request.room, {.event = "leave", .user = caller.user});
  announcer_.tell_listed(caller.user, channel);
  co_return kEmptyResult;
}

}  // namespace chirm
