// SPDX-License-Identifier: MIT
#include "core/rooms/membership.h"

#include <algorithm>
#include <utility>

#include "core/rooms/names.h"
#include "core/rooms/room_view.h"

namespace chirm {

namespace {

constexpr const char* kEmptyResult = "{}";

Unexpected<RpcError> limit_reached(std::string what) {
  return Unexpected<RpcError>(RpcError(errors::kLimitExceeded.code, std::move(what)));
}

}  // namespace

// ---- Making

Task<Result<bool>> Membership::may_create(RpcCaller caller) {
  if (caller.role == UserRole::kGuest) co_return not_allowed("guests cannot create rooms");
  const bool is_for_admins = settings_.rooms == ChatSettings::Rooms::kAdmins;
  if (is_for_admins && caller.role != UserRole::kAdmin) {
    co_return not_allowed("only administrators may create rooms");
  }
  const auto rooms = co_await store_.count("room");
  if (!rooms) co_return Unexpected<RpcError>(RpcError(rooms.error()));
  if (*rooms >= kRoomsMax) co_return limit_reached("there are too many rooms");
  co_return co_await check_list_space(caller.user);
}

// Where rooms need not be made, others may have talked there already: that stays theirs.
Task<Result<bool>> Membership::is_unused(RpcCaller caller, std::string room) {
  if (settings_.rooms != ChatSettings::Rooms::kOpen || caller.role == UserRole::kAdmin) {
    co_return true;
  }
  const auto newest = co_await store_.newest(channel_of_room(room));
  if (!newest) co_return Unexpected<RpcError>(RpcError(newest.error()));
  if (newest->top.offset == 0) co_return true;
  co_return Unexpected<RpcError>(RpcError(409, "people talk there already"));
}

Task<Result<bool>> Membership::check_list_space(std::string user) {
  const auto listed = co_await store_.count("list:" + user);
  if (!listed) co_return Unexpected<RpcError>(RpcError(listed.error()));
  if (*listed >= kRoomsOfUserMax) co_return limit_reached("the list of rooms is full");
  co_return true;
}

Task<RpcResult> Membership::create(RpcCaller caller, Request request) {
  const auto allowed = co_await may_create(caller);
  if (!allowed) co_return Unexpected<RpcError>(allowed.error());
  const auto is_free = co_await is_unused(caller, request.room);
  if (!is_free) co_return Unexpected<RpcError>(is_free.error());
  const auto build = [&](Kept<RoomRecord>& kept) -> Result<bool> {
    if (kept.exists()) {
      return Unexpected<RpcError>(RpcError(409, "there is a room of that name already"));
    }
    kept.record = {.title = request.title.value_or(request.room),
                   .topic = request.topic.value_or(""),
                   .is_public = request.is_public.value_or(true),
                   .is_archived = false,
                   .owner = caller.user,
                   .created = RoomStore::now()};
    return true;
  };
  const auto built = co_await store_.update(store_.rooms, "room", request.room, build);
  if (!built) co_return Unexpected<RpcError>(built.error());
  store_.tell_room(request.room, {.event = "created", .user = caller.user});
  auto standing = co_await store_.standing(request.room, caller.user, caller.role);
  if (!standing) co_return Unexpected<RpcError>(standing.error());
  const auto entered = co_await enter(request.room, *standing, caller.name);
  if (!entered) co_return Unexpected<RpcError>(entered.error());
  store_.tell_listed(caller.user, channel_of_room(request.room));
  standing = co_await store_.standing(request.room, caller.user, caller.role);
  if (!standing) co_return Unexpected<RpcError>(standing.error());
  co_return co_await room_result(store_, request.room, *standing);
}

// ---- Entering and leaving

// The list is written first, so that who is in a room has it in the list whatever breaks between.
Task<Result<bool>> Membership::enter(std::string room, Standing standing, std::string name) {
  const std::string channel = channel_of_room(room);
  // Also when it is there: somebody may be about to take it away.
  const auto list = [](const Kept<ListRecord>&) { return Result<bool>(true); };
  const auto listed = co_await store_.update_list(standing.user, channel, list);
  if (!listed) co_return Unexpected<RpcError>(listed.error());
  const auto newest = co_await store_.newest(channel);
  if (!newest) co_return Unexpected<RpcError>(RpcError(newest.error()));
  const auto join = [&](Kept<MemberRecord>& kept) -> Result<bool> {
    if (kept.record.is_member()) return false;
    standing.member = kept.record;
    if (const auto* its_room = store_.rooms.find("room", room)) standing.room = its_room->record;
    standing.now = RoomStore::now();
    if (const auto allowed = standing.may_join(); !allowed) {
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
  const auto joined = co_await store_.update_member(room, standing.user, join);
  if (!joined) co_return Unexpected<RpcError>(joined.error());
  if (!joined->is_changed) co_return false;
  const auto allowed = co_await was_allowed(room, standing);
  if (!allowed) co_return allowed;
  // Listed again, for they were no member then. What was said before they came is not news.
  const auto begin = [&](Kept<ListRecord>& kept) {
    kept.record.read = newest->top.offset;
    return Result<bool>(true);
  };
  (void)co_await store_.update_list(standing.user, channel, begin);
  co_return true;
}

// A room that was closed at the same moment is closed for who has just come in, too.
Task<Result<bool>> Membership::was_allowed(std::string room, Standing before) {
  const auto its_room = co_await store_.rooms.read("room", room);
  if (!its_room) co_return Unexpected<RpcError>(its_room.error());
  before.room = its_room->record;
  const auto allowed = before.may_join();
  if (allowed) co_return true;
  const auto go = [](Kept<MemberRecord>& kept) {
    return Result<bool>(std::exchange(kept.record.role, MemberRecord::Role::kNone) !=
                        MemberRecord::Role::kNone);
  };
  (void)co_await store_.update_member(room, before.user, go);
  (void)co_await store_.unlist(before.user, channel_of_room(room));
  co_return Unexpected<RpcError>(allowed.error());
}

Task<RpcResult> Membership::join(RpcCaller caller, Request request) {
  auto standing = co_await store_.standing(request.room, caller.user, caller.role);
  if (!standing) co_return Unexpected<RpcError>(standing.error());
  if (!standing->member.is_member()) {
    if (const auto allowed = standing->may_join(); !allowed) {
      co_return Unexpected<RpcError>(allowed.error());
    }
    const auto space = co_await check_list_space(caller.user);
    if (!space) co_return Unexpected<RpcError>(space.error());
  }
  const auto is_new = co_await enter(request.room, *standing, caller.name);
  if (!is_new) co_return Unexpected<RpcError>(is_new.error());
  if (*is_new) {
    store_.tell_room(request.room, {.event = "join", .user = caller.user});
    store_.tell_listed(caller.user, channel_of_room(request.room));
  }
  standing = co_await store_.standing(request.room, caller.user, caller.role);
  if (!standing) co_return Unexpected<RpcError>(standing.error());
  co_return co_await room_result(store_, request.room, *standing);
}

// Also turns an invitation down.
Task<RpcResult> Membership::leave(RpcCaller caller, Request request) {
  const auto standing = co_await store_.standing(request.room, caller.user, caller.role);
  if (!standing) co_return Unexpected<RpcError>(standing.error());
  if (!standing->may_know()) co_return no_such_room();
  if (standing->rank() == Rank::kOwner) co_return not_allowed("hand the room over first");
  bool was_member = false;
  const auto go = [&](Kept<MemberRecord>& kept) -> Result<bool> {
    was_member = kept.record.is_member();
    if (!was_member && kept.record.invited_by.empty()) return false;
    kept.record.role = MemberRecord::Role::kNone;
    kept.record.invited_by.clear();
    return true;
  };
  const auto gone = co_await store_.update_member(request.room, caller.user, go);
  if (!gone) co_return Unexpected<RpcError>(gone.error());
  const auto its_room = co_await store_.rooms.read("room", request.room);
  if (gone->is_changed && its_room && its_room->record.owner == caller.user) {
    // It has become theirs at this moment. An owner stays.
    const auto again = co_await enter(request.room, *standing, caller.name);
    if (again) co_return not_allowed("hand the room over first");
  }
  const std::string channel = channel_of_room(request.room);
  (void)co_await store_.unlist(caller.user, channel);
  // Joined again meanwhile, on another device: then it belongs into the list.
  const auto member = co_await store_.members.get("member:" + request.room, caller.user);
  if (member && member->record.is_member()) {
    const auto list = [](const Kept<ListRecord>& kept) { return Result<bool>(!kept.exists()); };
    (void)co_await store_.update_list(caller.user, channel, list);
  }
  if (!gone->is_changed) co_return kEmptyResult;
  if (was_member) store_.tell_room(request.room, {.event = "leave", .user = caller.user});
  store_.tell_listed(caller.user, channel);
  co_return kEmptyResult;
}

// ---- Members

Task<RpcResult> Membership::members(RpcCaller caller, Request request) {
  const auto standing = co_await store_.standing(request.room, caller.user, caller.role);
  if (!standing) co_return Unexpected<RpcError>(standing.error());
  if (const auto allowed = standing->may_read(); !allowed) {
    co_return Unexpected<RpcError>(allowed.error());
  }
  const std::uint32_t limit = std::min(request.limit, DocumentStore::kListMax - 1);
  JsonWriter json;
  json.open();
  json.open_array("members");
  std::string after = request.after;
  std::uint32_t count = 0;
  bool is_more = true;
  while (is_more && count < limit) {
    const auto page = co_await store_.list("member:" + request.room, after, limit + 1);
    if (!page) co_return Unexpected<RpcError>(RpcError(page.error()));
    is_more = page->size() > limit;
    for (const NamedDocument& one : *page) {
      if (count == limit) {
        is_more = true;
        break;
      }
      after = one.id;
      const Standing its{standing->room, MemberRecord::decode(one.document.value), one.id,
                         UserRole::kUser, standing->now};
      if (its.rank() == Rank::kNone) continue;
      ++count;
      json.open();
      json.add("user", one.id);
      json.add("name", its.member.name);
      json.add("role", text_of(its.rank()));
      json.add("joined", its.member.joined);
      json.close();
    }
  }
  json.close_array();
  if (is_more) json.add("next", after);
  json.close();
  co_return json.take();
}

}  // namespace chirm
