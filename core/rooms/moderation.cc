// SPDX-License-Identifier: MIT
#include "core/rooms/moderation.h"

#include <utility>

#include "core/rooms/rules/names.h"
#include "protocol/json_writer.h"

namespace chirm {

namespace {

// What `request` wants of somebody in the caller's name, until the unix time `until`.
Sanction sanction_of(const Request& request, const RpcCaller& caller, std::uint64_t now) {
  const std::uint64_t until = request.seconds ? now + *request.seconds * 1000 : kForGood;
  return {until, request.reason, caller.user};
}

RoomEvent event_of(const char* event, const Request& request, const Sanction& sanction) {
  return {.event = event,
          .user = request.user,
          .by = sanction.by,
          .reason = sanction.reason,
          .until = sanction.until};
}

// Out of the room, and not invited any more. Whether they were one of the two.
bool exclude(MemberRecord& record) {
  const bool was_there = record.is_member() || !record.invited_by.empty();
  record.role = MemberRecord::Role::kNone;
  record.invited_by.clear();
  return was_there;
}

}  // namespace

Task<Result<Standing>> Moderation::actor(Wish wish, RpcCaller caller, const Request& request) {
  Standing standing = co_await ok(store_.admit(wish, request.room, caller.user, caller.role));
  if (request.user == caller.user) co_return bad_request("user: expected somebody else");
  co_return standing;
}

// ---- Taking people out

// Whoever is no member any more: out of their list, and told. Told last, so that a client that asks
// for its list then does not find the room in it.
Task<Result<void>> Moderation::take_out(std::string room, std::string user, std::string reason) {
  const std::string channel = channel_of_room(room);
  const auto unlisted = co_await store_.unlist(user, channel);
  JsonWriter json;
  json.open();
  json.add("type", "removed");
  json.add("channel", channel);
  if (!reason.empty()) json.add("reason", reason);
  json.close();
  announcer_.tell_user(user, json.take());
  co_return unlisted;
}

// Room and member are two documents, so the room may have been handed over to somebody at the
// moment in which they were taken out. Then they stay, and the error says so: a room keeps its
// owner. If the store cannot be asked, they stay out.
Task<Result<void>> Moderation::keep_owner(std::string room, std::string user) {
  const auto its_room = co_await store_.rooms.read(kRoomCollection, room);
  if (!its_room || its_room->record.owner != user) co_return {};
  const auto keep = [](Kept<MemberRecord>& kept) {
    kept.record.role = MemberRecord::Role::kMember;
    kept.record.ban = {};
    kept.record.removed.reset();
    return Result<bool>(true);
  };
  const auto kept = co_await store_.update_member(room, user, keep);
  if (!kept && kept.error().temporary) co_return {};
  co_await ok(kept);
  co_return not_allowed("that is the room's owner");
}

Task<RpcResult> Moderation::kick(RpcCaller caller, Request request) {
  const Standing standing = co_await ok(actor(Wish::kModerate, caller, request));
  const auto remove = [&](Kept<MemberRecord>& kept) -> Result<bool> {
    const auto allowed = judge_action_on(standing, request.user, kept.record);
    if (!allowed) return Unexpected<RpcError>(allowed.error());
    if (!exclude(kept.record)) return no_such_member();
    kept.record.removed = request.reason;
    return true;
  };
  (void)co_await ok(store_.update_member(request.room, request.user, remove));
  co_await ok(keep_owner(request.room, request.user));
  (void)co_await take_out(request.room, request.user, request.reason);
  announcer_.tell_room(
      request.room,
      {.event = "kick", .user = request.user, .by = caller.user, .reason = request.reason});
  co_return kEmptyResult;
}

// ---- Sanctions

Task<RpcResult> Moderation::ban(RpcCaller caller, Request request) {
  const Standing standing = co_await ok(actor(Wish::kModerate, caller, request));
  (void)co_await ok(people_.find(request.user));
  const Sanction wanted = sanction_of(request, caller, standing.now);
  bool was_there = false;
  const auto change = [&](Kept<MemberRecord>& kept) -> Result<bool> {
    const auto allowed = judge_action_on(standing, request.user, kept.record);
    if (!allowed) return Unexpected<RpcError>(allowed.error());
    was_there = exclude(kept.record);
    kept.record.ban = wanted;
    return true;
  };
  (void)co_await ok(store_.update_member(request.room, request.user, change));
  co_await ok(keep_owner(request.room, request.user));
  if (was_there) (void)co_await take_out(request.room, request.user, request.reason);
  announcer_.tell_room(request.room, event_of("ban", request, wanted));
  co_return kEmptyResult;
}

// A mute stays with whoever leaves the room: else leaving and joining again would lift it.
Task<RpcResult> Moderation::mute(RpcCaller caller, Request request) {
  const Standing standing = co_await ok(actor(Wish::kModerate, caller, request));
  const Sanction wanted = sanction_of(request, caller, standing.now);
  const auto change = [&](Kept<MemberRecord>& kept) -> Result<bool> {
    if (!kept.record.is_member()) return no_such_member();
    const auto allowed = judge_action_on(standing, request.user, kept.record);
    if (!allowed) return Unexpected<RpcError>(allowed.error());
    kept.record.mute = wanted;
    return true;
  };
  (void)co_await ok(store_.update_member(request.room, request.user, change));
  announcer_.tell_room(request.room, event_of("mute", request, wanted));
  co_return kEmptyResult;
}

Task<RpcResult> Moderation::unban(RpcCaller caller, Request request) {
  return forgive(std::move(caller), std::move(request), &MemberRecord::ban, "unban");
}

Task<RpcResult> Moderation::unmute(RpcCaller caller, Request request) {
  return forgive(std::move(caller), std::move(request), &MemberRecord::mute, "unmute");
}

Task<RpcResult> Moderation::forgive(RpcCaller caller, Request request,
                                    Sanction MemberRecord::*sanction, std::string event) {
  (void)co_await ok(actor(Wish::kModerate, caller, request));
  const auto lift = [&](Kept<MemberRecord>& kept) {
    return Result<bool>(std::exchange(kept.record.*sanction, {}).until != 0);
  };
  const auto lifted = co_await ok(store_.update_member(request.room, request.user, lift));
  if (lifted.is_changed) {
    announcer_.tell_room(request.room, {.event = event, .user = request.user, .by = caller.user});
  }
  co_return kEmptyResult;
}

// ---- Inviting

// Listed before the record says so, as when entering: whoever is invited finds the room in the
// list.
Task<RpcResult> Moderation::invite(RpcCaller caller, Request request) {
  const Standing standing = co_await ok(actor(Wish::kModerate, caller, request));
  if (standing.room.is_archived) co_return not_allowed("the room is archived");
  (void)co_await ok(people_.find(request.user));
  const bool is_blocked = co_await ok(store_.has_blocked(request.user, caller.user));
  if (is_blocked) co_return blocked_by_them();
  const Kept<MemberRecord> before = co_await ok(store_.member(request.room, request.user));
  if (before.record.is_member()) co_return conflict("they are in already");
  if (before.record.ban.holds(standing.now)) co_return not_allowed("they are banned");
  const std::string channel = channel_of_room(request.room);
  co_await ok(invitations_.add(request.user, channel));
  const auto note = [&](Kept<MemberRecord>& kept) -> Result<bool> {
    if (kept.record.is_member()) return conflict("they are in already");
    if (kept.record.ban.holds(standing.now)) return not_allowed("they are banned");
    if (!kept.record.invited_by.empty()) return false;
    kept.record.invited_by = caller.user;
    kept.record.removed.reset();
    return true;
  };
  const auto noted = co_await ok(store_.update_member(request.room, request.user, note));
  if (noted.is_changed) {
    announcer_.tell_room(request.room,
                         {.event = "invite", .user = request.user, .by = caller.user});
    announcer_.tell_listed(request.user, channel);
  }
  co_return kEmptyResult;
}

// ---- Roles

Task<RpcResult> Moderation::role(RpcCaller caller, Request request) {
  const Standing standing = co_await ok(actor(Wish::kOwn, caller, request));
  if (request.role == Rank::kOwner) co_return co_await hand_over(standing, request);
  if (standing.room.owner == request.user) {
    co_return not_allowed("a room has an owner: hand it over to somebody");
  }
  const auto wanted = request.role == Rank::kModerator ? MemberRecord::Role::kModerator
                                                       : MemberRecord::Role::kMember;
  const auto change = [&](Kept<MemberRecord>& kept) -> Result<bool> {
    if (!kept.record.is_member()) return no_such_member();
    return std::exchange(kept.record.role, wanted) != wanted;
  };
  const auto changed = co_await ok(store_.update_member(request.room, request.user, change));
  if (changed.is_changed) {
    announcer_.tell_room(request.room, {.event = "role",
                                        .user = request.user,
                                        .by = caller.user,
                                        .value = std::string(text_of(request.role))});
  }
  co_return kEmptyResult;
}

// The room's record alone says who owns it, so that there is never a second one. But it is another
// document than the new owner's member record, and they may leave at this moment: so their record
// is looked at before, to refuse, and again afterwards, to take the room back. Whoever takes out a
// member looks at the room afterwards (keep_owner() and Membership::leave()): one of the two sees
// the other.
Task<RpcResult> Moderation::hand_over(Standing actor, Request request) {
  const PersonRecord person = co_await ok(people_.find(request.user));
  if (person.role == UserRole::kGuest) co_return not_allowed("a guest cannot own a room");
  const std::string members = members_of(request.room);
  const Kept<MemberRecord> member = co_await ok(store_.members.read(members, request.user));
  if (!member.record.is_member()) co_return no_such_member();
  co_await ok(quota_.take(request.user, request.room, person.role));
  std::string before;
  const auto give = [&](Kept<RoomRecord>& kept) -> Result<bool> {
    if (!kept.exists()) return no_such_room();
    if (actor.role != UserRole::kAdmin && kept.record.owner != actor.user) {
      return not_allowed("only the owner may do that");
    }
    before = std::exchange(kept.record.owner, request.user);
    return before != request.user;
  };
  const auto given = co_await store_.update(store_.rooms, kRoomCollection, request.room, give);
  (void)co_await quota_.settle(request.user, request.room);
  co_await ok(given);
  if (!given->is_changed) co_return kEmptyResult;
  const auto is_still = co_await store_.members.read(members, request.user);
  if (!is_still || !is_still->record.is_member()) {
    const auto take_back = [&](Kept<RoomRecord>& kept) {
      const bool is_theirs = kept.record.owner == request.user;
      if (is_theirs) kept.record.owner = before;
      return Result<bool>(is_theirs);
    };
    (void)co_await store_.update(store_.rooms, kRoomCollection, request.room, take_back);
    (void)co_await quota_.settle(request.user, request.room);
    co_return conflict("they have just left");
  }
  // Whoever has owned the room moderates it from now on.
  const auto keep_moderator = [](Kept<MemberRecord>& kept) {
    if (!kept.record.is_member()) return Result<bool>(false);
    kept.record.role = MemberRecord::Role::kModerator;
    return Result<bool>(true);
  };
  if (!before.empty()) {
    (void)co_await quota_.settle(before, request.room);
    (void)co_await store_.update_member(request.room, before, keep_moderator);
  }
  announcer_.tell_room(request.room,
                       {.event = "role", .user = request.user, .by = actor.user, .value = "owner"});
  co_return kEmptyResult;
}

}  // namespace chirm
