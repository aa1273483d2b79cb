// SPDX-License-Identifier: MIT
#include "core/rooms/rules/standing.h"

#include <array>
#include <ctime>

namespace chirm {

std::string_view text_of(Rank rank) {
  switch (rank) {
    case Rank::kNone:
      return "";
    case Rank::kMember:
      return "member";
    case Rank::kModerator:
      return "moderator";
    case Rank::kOwner:
      return "owner";
  }
  return "";
}

// The owner is named by the room, not by their member record: one record says who it is, so there
// can never be two. A ban outranks everything, because a banned member's record may still say
// "member" for the moment in which a hand-over and a ban cross.
Rank rank_in(const RoomRecord& room, const MemberRecord& member, std::string_view user,
             std::uint64_t now) {
  if (!member.is_member() || member.ban.holds(now)) return Rank::kNone;
  if (room.owner == user) return Rank::kOwner;
  return member.role == MemberRecord::Role::kModerator ? Rank::kModerator : Rank::kMember;
}

std::string describe(std::string_view what, const Sanction& sanction) {
  std::string text(what);
  if (sanction.until != kForGood) {
    const auto seconds = static_cast<std::time_t>(sanction.until / 1000);
    std::tm parts{};
    std::array<char, 64> until{};
    gmtime_r(&seconds, &parts);
    text.append(until.data(),
                std::strftime(until.data(), until.size(), " until %Y-%m-%d %H:%M:%S UTC", &parts));
  }
  if (!sanction.reason.empty()) text.append(": ").append(sanction.reason);
  return text;
}

}  // namespace chirm
