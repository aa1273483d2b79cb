// SPDX-License-Identifier: MIT
#include "core/rooms/rules/judge.h"

#include "core/base/check.h"

namespace chirm {

namespace {

struct Case {
  const RoomRecord& room;
  const MemberRecord& member;
  UserRole role;
  std::uint64_t now;
  Rank rank;
  bool is_owner;  // the room says so, whether they are in it or not

  // An administrator may do in every room what its owner may, but is not in the room for that: what
  // members do among themselves, such as talking, they do only where they have joined.
  Rank power() const { return role == UserRole::kAdmin ? Rank::kOwner : rank; }
  bool is_banned() const { return member.ban.holds(now); }
  bool is_invited() const { return !member.invited_by.empty(); }
};

bool may_know(const Case& one) {
  return one.power() != Rank::kNone || (one.room.is_public && !one.room.is_archived) ||
         (one.is_invited() && !one.is_banned());
}

// Private comes before banned: who is banned from a private room is not told that it exists.
Result<void> judge_reading(const Case& one) {
  if (one.power() != Rank::kNone) return {};
  if (!one.room.is_public) return no_such_room();
  if (one.is_banned()) return not_allowed(describe("banned", one.member.ban));
  if (one.room.is_archived) return not_allowed("the room is archived");
  return {};
}

// An owner may come back even into a private room: a hand-over may have crossed with their leaving.
Result<void> judge_joining(const Case& one) {
  const bool is_wanted = one.is_invited() || one.is_owner;
  if (is_wanted && !one.is_banned() && !one.room.is_archived) return {};
  return judge_reading(one);
}

Result<void> judge_publishing(const Case& one) {
  if (const auto reading = judge_reading(one); !reading) return reading;
  if (one.room.is_archived) return not_allowed("the room is archived");
  if (one.rank == Rank::kNone) return not_allowed("join the room first");
  const bool is_mute = one.member.mute.holds(one.now) && one.role != UserRole::kAdmin;
  if (is_mute) return not_allowed(describe("muted", one.member.mute));
  return {};
}

}  // namespace

Result<void> judge(Wish wish, const RoomRecord& room, const MemberRecord& member,
                   std::string_view user, UserRole role, std::uint64_t now) {
  if (room.is_deleted) return no_such_room();
  // Rights belong to names. Only that a public room exists is no secret from who has none.
  if (user.empty()) return room.is_public ? not_allowed("sign in first") : no_such_room();
  const Case one{room, member, role, now, rank_in(room, member, user, now), room.owner == user};
  switch (wish) {
    case Wish::kRead:
      return judge_reading(one);
    case Wish::kJoin:
      return judge_joining(one);
    case Wish::kPublish:
      return judge_publishing(one);
    case Wish::kSee:
      // Who may not know of the room is still told why, where they could have read there.
      return may_know(one) ? Result<void>() : judge_reading(one);
    case Wish::kKnow:
    case Wish::kLeave:
    case Wish::kModerate:
    case Wish::kOwn:
      break;
  }
  // That there is a room is told first, and only to who may know it: "not allowed" would tell it.
  if (!may_know(one)) return no_such_room();
  if (wish == Wish::kLeave && one.rank == Rank::kOwner) {
    return not_allowed("hand the room over first");
  }
  if (wish == Wish::kModerate && one.power() < Rank::kModerator) {
    return not_allowed("only moderators may do that");
  }
  if (wish == Wish::kOwn && one.power() < Rank::kOwner) {
    return not_allowed("only the owner may do that");
  }
  return {};
}

// Nobody acts on those who may do as much as they may. The owner is safe even when they are not in
// the room at this moment, for the room would be left with nobody who can hand it over.
Result<void> judge_action_on(const Standing& actor, std::string_view user,
                             const MemberRecord& member) {
  CHIRM_CHECK(judge(Wish::kModerate, actor).has_value(), actor.user, user);
  if (actor.room.owner == user) return not_allowed("that is the room's owner");
  const Rank power = actor.role == UserRole::kAdmin ? Rank::kOwner : actor.rank();
  if (rank_in(actor.room, member, user, actor.now) >= power) {
    return not_allowed("only the owner may do that to a moderator");
  }
  return {};
}

Result<void> judge_unmade(bool is_open) {
  if (is_open) return {};
  return no_such_room();
}

Result<void> judge_inbox(Wish wish, bool is_open) {
  CHIRM_CHECK(wish == Wish::kRead || wish == Wish::kPublish, static_cast<int>(wish));
  if (wish == Wish::kRead || is_open) return {};
  return not_allowed("only the server publishes there");
}

Result<void> judge_contact(ContactRecord::From from, UserRole sender, bool shares_room) {
  switch (from) {
    case ContactRecord::From::kEverybody:
      return {};
    case ContactRecord::From::kUsers:
      if (sender != UserRole::kGuest) return {};
      return not_allowed("they take no private messages from guests: sign up, or be written to");
    case ContactRecord::From::kRooms:
      if (shares_room) return {};
      return not_allowed("they take private messages only from people in their rooms");
    case ContactRecord::From::kNobody:
      break;
  }
  return not_allowed("they take no private messages from people whom they have not written to");
}

std::optional<Result<void>> judge_dm(Wish wish, const DmFacts& facts) {
  CHIRM_CHECK(wish == Wish::kRead || wish == Wish::kPublish, static_cast<int>(wish));
  if (!facts.is_other_known) return std::nullopt;
  if (wish == Wish::kRead) {
    if (*facts.is_other_known) return Result<void>();
    // What was said with a guest who has gone since can still be read by who has it listed.
    if (!facts.is_listed) return std::nullopt;
    return *facts.is_listed ? Result<void>() : no_such_user();
  }
  if (!*facts.is_other_known) return Result<void>(no_such_user());
  if (!facts.is_blocked_by_other) return std::nullopt;
  if (*facts.is_blocked_by_other) return Result<void>(blocked_by_them());
  if (!facts.is_blocked_by_user) return std::nullopt;
  if (*facts.is_blocked_by_user) return Result<void>(not_allowed("you have blocked them"));
  return Result<void>();
}

}  // namespace chirm
