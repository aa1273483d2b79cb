// SPDX-License-Identifier: MIT
#pragma once
// What is kept of rooms and of people in them, as documents. Times are unix milliseconds.
//
//   collection       id       record
//   room             room     RoomRecord
//   member:<room>    user     MemberRecord: who is in it, and who is banned, muted or invited
//   outside:<room>   user     "1": a MemberRecord of somebody who is no member
//   muted:<room>     user     "1"
//   list:<user>      channel  ListRecord: rooms that the user is in or invited to
//   dms:<user>       channel  ListRecord: the user's private conversations
//   block:<user>     user     "1": the one does not want to hear of the other
//   person           user     PersonRecord: who has signed in once
//
// room, member, block and person are the truth; the others follow them.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "core/accounts/user_role.h"

namespace chirm {

inline constexpr std::uint64_t kRoomsMax = 5'000;      // of the cluster
inline constexpr std::uint64_t kRoomsOfUserMax = 500;  // with invitations
inline constexpr std::uint64_t kDmsOfUserMax = 1'000;  // with hidden ones
inline constexpr std::uint64_t kBlocksOfUserMax = 500;

struct RoomRecord {
  std::string title;
  std::string topic;
  bool is_public = true;
  bool is_archived = false;
  std::string owner;  // "" of a room that nobody made
  std::uint64_t created = 0;

  std::string encode() const;
  static RoomRecord decode(std::string_view text);
};

inline constexpr std::uint64_t kForGood = UINT64_MAX;

struct Sanction {
  std::uint64_t until = 0;  // kForGood: without end; 0: none
  std::string reason;
  std::string by;

  bool holds(std::uint64_t now) const { return now < until; }
};

struct MemberRecord {
  enum class Role : std::uint8_t { kNone, kMember, kModerator };
  Role role = Role::kNone;
  std::uint64_t joined = 0;
  std::string name;  // as it was when joining
  Sanction ban;
  Sanction mute;
  std::string invited_by;              // "": not invited
  std::optional<std::string> removed;  // taken out of the room, and why; "" when nobody said

  bool is_member() const { return role != Role::kNone; }
  // Neither in the room nor asked to come, and not kept out either.
  bool has_left(std::uint64_t now) const {
    return !is_member() && invited_by.empty() && !ban.holds(now);
  }
  // "" when nothing is left to be kept.
  std::string encode() const;
  static MemberRecord decode(std::string_view text);
};

struct ListRecord {
  std::uint64_t read = 0;  // offset
  bool is_hidden = false;

  std::string encode() const;
  static ListRecord decode(std::string_view text);
};

struct PersonRecord {
  std::string name;
  UserRole role = UserRole::kUser;

  std::string encode() const;
  static PersonRecord decode(std::string_view text);
};

// That it is there says all.
struct MarkRecord {
  static std::string encode() { return "1"; }
  static MarkRecord decode(std::string_view) { return {}; }
};

}  // namespace chirm
