// SPDX-License-Identifier: MIT
#pragma once
// The rules of rooms and private conversations, each of them once: who may do what. Pure: the facts
// are given, and rights.h and RoomStore::admit() look them up. Private to core/rooms.

#include <cstdint>
#include <optional>
#include <string_view>

#include "core/rooms/rules/records.h"
#include "core/rooms/rules/room_errors.h"
#include "core/rooms/rules/standing.h"

namespace chirm {

// What somebody wants to do in a room. In private conversations and inboxes there are only kRead
// and kPublish.
enum class Wish : std::uint8_t {
  kKnow,  // find the room in the list of rooms, or act on an invitation to it
  kSee,   // its title, topic and number of members
  kRead,  // its messages, members and who is present; subscribe to it
  kJoin,
  kLeave,
  kPublish,
  kModerate,  // act on members, delete what others said, change the topic
  kOwn,       // what only the owner may do: roles, title, visibility, archiving
};

// Whether it is allowed, and if not, the error to answer. `member` is the record of `user` in
// `room`; a default record if there is none. `user` is "" of a connection without a name. `now` is
// unix time in milliseconds.
Result<void> judge(Wish wish, const RoomRecord& room, const MemberRecord& member,
                   std::string_view user, UserRole role, std::uint64_t now);
inline Result<void> judge(Wish wish, const Standing& standing) {
  return judge(wish, standing.room, standing.member, standing.user, standing.role, standing.now);
}

// Whether `actor`, who may moderate the room, may kick, ban or mute `user`, whose record there is
// `member`.
Result<void> judge_action_on(const Standing& actor, std::string_view user,
                             const MemberRecord& member);

// Of a room that nobody has made. `is_open`: the operator lets people talk without making rooms.
Result<void> judge_unmade(bool is_open);
// Of a user's own inbox.
Result<void> judge_inbox(Wish wish, bool is_open);

// Of the first words of a conversation that the other one has not taken up. `from` is their
// setting; `shares_room`: both are in some room, the lobby aside.
Result<void> judge_contact(ContactRecord::From from, UserRole sender, bool shares_room);

// What a private conversation's rules depend on. nullopt: not looked up yet.
struct DmFacts {
  std::optional<bool> is_other_known;  // they have signed in once, or nobody has to
  std::optional<bool> is_listed;       // the conversation is in the user's list
  std::optional<bool> is_blocked_by_other;
  std::optional<bool> is_blocked_by_user;
};
// nullopt: it depends on a fact that has not been looked up.
std::optional<Result<void>> judge_dm(Wish wish, const DmFacts& facts);

}  // namespace chirm
