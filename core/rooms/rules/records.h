// SPDX-License-Identifier: MIT
#pragma once
// What is kept of rooms and of people in them, as documents. Times are unix milliseconds. Pure.
//
//   collection       id       record
//   room             room     RoomRecord
//   member:<room>    user     MemberRecord: who is in it, and who is banned, muted or invited
//   outside:<room>   user     MarkRecord: somebody who has a MemberRecord but is no member
//   muted:<room>     user     MarkRecord: somebody whose MemberRecord has a mute
//   list:<user>      channel  ListRecord: a room that the user is in
//   invited:<user>   channel  ListRecord: a room that the user is invited to
//   dms:<user>       channel  ListRecord: a conversation that the user has begun or taken up
//   asked:<user>     channel  ListRecord: one that the other has begun, and the user not answered
//   owned:<user>     room     MarkRecord: a room whose RoomRecord names the user as owner
//   contact          user     ContactRecord: who may begin a private conversation with the user
//   block:<user>     other    MarkRecord: the user does not want to hear of the other
//   deletion         room     what is left to be removed of a room (room_deletion.h)
//   person           user     PersonRecord: somebody who has signed in once
//
// room, member, block, contact and person are the truth. The others are indexes of it: they are
// written after it (list and owned: before it), and repaired where they are found to differ.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "core/accounts/user_role.h"

namespace chirm {

// Names of collections; that of people is kPersonCollection of core/accounts.
inline constexpr const char* kRoomCollection = "room";
inline constexpr std::string_view kMemberPrefix = "member:";
inline constexpr std::string_view kListPrefix = "list:";
inline constexpr std::string_view kDmsPrefix = "dms:";
inline constexpr std::string_view kInvitedPrefix = "invited:";
inline constexpr std::string_view kAskedPrefix = "asked:";
inline constexpr const char* kContactCollection = "contact";
std::string members_of(std::string_view room);
std::string outsiders_of(std::string_view room);
std::string muted_in(std::string_view room);
std::string blocked_by(std::string_view user);
std::string rooms_of(std::string_view user);
std::string dms_of(std::string_view user);
std::string invitations_of(std::string_view user);
std::string requests_of(std::string_view user);
std::string owned_by(std::string_view user);

// Of rooms that all administrators may make when --rooms-max others are there.
inline constexpr std::uint64_t kRoomsForAdmins = 1'000;
inline constexpr std::uint64_t kRoomsOfUserMax = 500;  // that they are in
inline constexpr std::uint64_t kDmsOfUserMax = 1'000;  // with hidden ones
// What others begin: the newest are kept, and nothing of the user's own is refused for them.
inline constexpr std::uint64_t kInvitationsOfUserMax = 100;
inline constexpr std::uint64_t kRequestsOfUserMax = 200;
inline constexpr std::uint64_t kBlocksOfUserMax = 500;

// Each record is one JSON object. decode() takes what is missing or malformed for its default, so
// that a document of another version of chirm is read as far as it is understood.

struct RoomRecord {
  std::string title;
  std::string topic;
  bool is_public = true;
  bool is_archived = false;
  // For everybody there is no such room any more; what there was of it is being removed.
  bool is_deleted = false;
  std::string owner;  // "" of a room that nobody made
  std::uint64_t created = 0;

  std::string encode() const;
  static RoomRecord decode(std::string_view text);
};

inline constexpr std::uint64_t kForGood = UINT64_MAX;

// A ban or a mute.
struct Sanction {
  std::uint64_t until = 0;  // kForGood: without end; 0: there is none
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
  std::optional<std::string> removed;  // set when kicked: the reason, "" if none was given

  bool is_member() const { return role != Role::kNone; }
  // Nothing holds between them and the room: no member, not invited, and not banned.
  bool has_left(std::uint64_t now) const {
    return !is_member() && invited_by.empty() && !ban.holds(now);
  }
  // "" when nothing is left to be kept: an empty value removes the document.
  std::string encode() const;
  static MemberRecord decode(std::string_view text);
};

struct ListRecord {
  std::uint64_t read = 0;  // offset
  bool is_hidden = false;
  std::uint64_t since = 0;  // of an invitation or a request: when it came

  std::string encode() const;
  static ListRecord decode(std::string_view text);
};

struct PersonRecord {
  std::string name;
  UserRole role = UserRole::kUser;

  std::string encode() const;
  static PersonRecord decode(std::string_view text);
};

// Who may begin a private conversation with somebody. It says nothing of one that they have begun
// or taken up.
struct ContactRecord {
  enum class From : std::uint8_t {
    kEverybody,
    kUsers,  // no guests
    kRooms,  // who is in a room with them, the lobby aside
    kNobody,
  };
  From from = From::kEverybody;

  std::string encode() const;
  static ContactRecord decode(std::string_view text);
};
// As clients know it.
std::string_view text_of(ContactRecord::From from);
std::optional<ContactRecord::From> contact_from(std::string_view text);

// Says nothing but that it exists.
struct MarkRecord {
  static std::string encode() { return "1"; }
  static MarkRecord decode(std::string_view) { return {}; }
};

}  // namespace chirm
