// SPDX-License-Identifier: MIT
#include "core/rooms/moderation.h"

#include "core/rooms/names.h"
#include "protocol/json_writer.h"

namespace chirm {

namespace {

constexpr const char* kEmptyResult = "{}";

Unexpected<RpcError> not_found(std::string what) {
  return Unexpected<RpcError>(RpcError(404, std::move(what)));
}

// Nobody acts on those who may as much as they do.
Result<bool> check_rank(const Standing& actor, const std::string& user,
                        const MemberRecord& member) {
  const Standing target{actor.room, member, user, UserRole::kUser, actor.now};
  const Rank rank = target.rank();
  if (rank == Rank::kOwner || actor.room.owner == user) {
    return not_allowed("that is the room's owner");
  }
  if (rank >= actor.power()) return not_allowed("only the owner may do that to a moderator");
  return true;
}

std::uint64_t end_of(const Request& request, std::uint64_t now) {
  return request.seconds ? now + *request.seconds * 1000 : kForGood;
}

}  // namespace

Task<Result<Standing>> Moderation::actor(RpcCaller caller, std::string room, Rank needed) {
  auto standing = co_await store_.standing(room, caller.user, caller.role);
  if (!standing) co_return standing;
  if (!standing->may_know()) co_return no_such_room();
  if (standing->power() < needed) {
    co_return not_allowed(needed == Rank::kOwner ? "only the owner may do that"
                                                 : "only moderators may do that");
  }
  co_return standing;
}

Task<Result<Standing>> Moderation::actor_on(RpcCaller caller, const Request& request, Rank needed) {
  auto standing = co_await actor(caller, request.room, needed);
  if (standing && request.user == caller.user) {
    co_return Unexpected<RpcError>(
        RpcError(errors::kBadRequest.code, "user: expected somebody else"));
  }
  co_return standing;
}

// Who is no member any more: out of their list, and told.
Task<bool> Moderation::take_out(std::string room, std::string user, std::string reason) {
  const std::string channel = channel_of_room(room);
  const bool is_done = co_await store_.unlist(user, channel);
  JsonWriter json;
  json.open();
  json.add("type", "removed");
  json.add("channel", channel);
  if (!reason.empty()) json.add("reason", reason);
  json.close();
  store_.tell_user(user, json.take());
  co_return is_done;
}

// The room was handed over to them at the moment in which they were taken out: they stay.
Task<Result<bool>> Moderation::keep_owner(std::string room, std::string user) {
  const auto its_room = co_await store_.rooms.read("room", room);
  if (!its_room) co_return Unexpected<RpcError>(its_room.error());
  if (its_room->record.owner != user) co_return true;
  const auto keep = [](Kept<MemberRecord>& kept) {
    kept.record.role = MemberRecord::Role::kMember;
    kept.record.ban = {};
    kept.record.removed.reset();
    return Result<bool>(true);
  };
  const auto kept = co_await store_.update_member(room, user, keep);
  if (!kept) co_return Unexpected<RpcError>(kept.error());
  co_return not_allowed("that is the room's owner");
}

Task<RpcResult> Moderation::kick(RpcCaller caller, Request request) {
  const auto standing = co_await actor_on(caller, request, Rank::kModerator);
  if (!standing) co_return Unexpected<RpcError>(standing.error());
  const auto remove = [&](Kept<MemberRecord>& kept) -> Result<bool> {
    const auto is_allowed = check_rank(*standing, request.user, kept.record);
    if (!is_allowed) return is_allowed;
    if (!kept.record.is_member() && kept.record.invited_by.empty()) {
      return not_found("no such member");
    }
    kept.record.role = MemberRecord::Role::kNone;
    kept.record.invited_by.clear();
    kept.record.removed = request.reason;
    return true;
  };
  const auto removed = co_await store_.update_member(request.room, request.user, remove);
  if (!removed) co_return Unexpected<RpcError>(removed.error());
  const auto is_done = co_await keep_owner(request.room, request.user);
  if (!is_done && !is_done.error().temporary) co_return Unexpected<RpcError>(is_done.error());
  (void)co_await take_out(request.room, request.user, request.reason);
  store_.tell_room(
      request.room,
      {.event = "kick", .user = request.user, .by = caller.user, .reason = request.reason});
  co_return kEmptyResult;
}

Task<RpcResult> Moderation::ban(RpcCaller caller, Request request) {
  const auto standing = co_await actor_on(caller, request, Rank::kModerator);
  if (!standing) co_return Unexpected<RpcError>(standing.error());
  const auto person = co_await people_.find(request.user);
  if (!person) co_return Unexpected<RpcError>(person.error());
  const std::uint64_t until = end_of(request, standing->now);
  bool was_there = false;
  const auto exclude = [&](Kept<MemberRecord>& kept) -> Result<bool> {
    const auto is_allowed = check_rank(*standing, request.user, kept.record);
    if (!is_allowed) return is_allowed;
    was_there = kept.record.is_member() || !kept.record.invited_by.empty();
    kept.record.role = MemberRecord::Role::kNone;
    kept.record.invited_by.clear();
    kept.record.ban = {until, request.reason, caller.user};
    return true;
  };
  const auto banned = co_await store_.update_member(request.room, request.user, exclude);
  if (!banned) co_return Unexpected<RpcError>(banned.error());
  const auto is_done = co_await keep_owner(request.room, request.user);
  if (!is_done && !is_done.error().temporary) co_return Unexpected<RpcError>(is_done.error());
  if (was_there) (void)co_await take_out(request.room, request.user, request.reason);
  store_.tell_room(request.room, {.event = "ban",
                                  .user = request.user,
                                  .by = caller.user,
                                  .reason = request.reason,
                                  .until = until});
  co_return kEmptyResult;
}

Task<RpcResult> Moderation::mute(RpcCaller caller, Request request) {
  const auto standing = co_await actor_on(caller, request, Rank::kModerator);
  if (!standing) co_return Unexpected<RpcError>(standing.error());
  const std::uint64_t until = end_of(request, standing->now);
  const auto silence = [&](Kept<MemberRecord>& kept) -> Result<bool> {
    if (!kept.record.is_member()) return not_found("no such member");
    const auto is_allowed = check_rank(*standing, request.user, kept.record);
    if (!is_allowed) return is_allowed;
    kept.record.mute = {until, request.reason, caller.user};
    return true;
  };
  const auto muted = co_await store_.update_member(request.room, request.user, silence);
  if (!muted) co_return Unexpected<RpcError>(muted.error());
  store_.tell_room(request.room, {.event = "mute",
                                  .user = request.user,
                                  .by = caller.user,
                                  .reason = request.reason,
                                  .until = until});
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
  const auto standing = co_await actor_on(caller, request, Rank::kModerator);
  if (!standing) co_return Unexpected<RpcError>(standing.error());
  const auto lift = [&](Kept<MemberRecord>& kept) {
    return Result<bool>(std::exchange(kept.record.*sanction, {}).until != 0);
  };
  const auto lifted = co_await store_.update_member(request.room, request.user, lift);
  if (!lifted) co_return Unexpected<RpcError>(lifted.error());
  if (lifted->is_changed) {
    store_.tell_room(request.room, {.event = event, .user = request.user, .by = caller.user});
  }
  co_return kEmptyResult;
}

Task<RpcResult> Moderation::invite(RpcCaller caller, Request request) {
  const auto standing = co_await actor_on(caller, request, Rank::kModerator);
  if (!standing) co_return Unexpected<RpcError>(standing.error());
  if (standing->room.is_archived) co_return not_allowed("the room is archived");
  const auto person = co_await people_.find(request.user);
  if (!person) co_return Unexpected<RpcError>(person.error());
  const auto is_blocked = co_await store_.is_marked("block:" + request.user, caller.user);
  if (!is_blocked) co_return Unexpected<RpcError>(is_blocked.error());
  if (*is_blocked) co_return not_allowed("they do not want to hear of you");
  const auto listed = co_await store_.count("list:" + request.user);
  if (!listed) co_return Unexpected<RpcError>(RpcError(listed.error()));
  if (*listed >= kRoomsOfUserMax) co_return not_allowed("their list of rooms is full");
  const std::string channel = channel_of_room(request.room);
  const auto list = [](const Kept<ListRecord>&) { return Result<bool>(true); };
  const auto is_listed = co_await store_.update_list(request.user, channel, list);
  if (!is_listed) co_return Unexpected<RpcError>(is_listed.error());
  const auto note = [&](Kept<MemberRecord>& kept) -> Result<bool> {
    if (kept.record.is_member()) return Unexpected<RpcError>(RpcError(409, "they are in already"));
    if (kept.record.ban.holds(standing->now)) return not_allowed("they are banned");
    if (!kept.record.invited_by.empty()) return false;
    kept.record.invited_by = caller.user;
    kept.record.removed.reset();
    return true;
  };
  const auto noted = co_await store_.update_member(request.room, request.user, note);
  if (!noted) co_return Unexpected<RpcError>(noted.error());
  if (noted->is_changed) {
    store_.tell_room(request.room, {.event = "invite", .user = request.user, .by = caller.user});
    store_.tell_listed(request.user, channel);
  }
  co_return kEmptyResult;
}

}  // namespace chirm
