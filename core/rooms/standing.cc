// SPDX-License-Identifier: MIT
#include "core/rooms/standing.h"

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

Unexpected<RpcError> no_such_room() { return Unexpected<RpcError>(RpcError(404, "no such room")); }

Unexpected<RpcError> not_allowed(std::string why) {
  return Unexpected<RpcError>(RpcError(errors::kPermissionDenied.code, std::move(why)));
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

Rank Standing::rank() const {
  if (!member.is_member() || member.ban.holds(now)) return Rank::kNone;
  if (room.owner == user) return Rank::kOwner;
  return member.role == MemberRecord::Role::kModerator ? Rank::kModerator : Rank::kMember;
}

bool Standing::may_know() const {
  return power() != Rank::kNone || (room.is_public && !room.is_archived) ||
         (!member.invited_by.empty() && !member.ban.holds(now));
}

Expected<void, RpcError> Standing::may_read() const {
  if (power() != Rank::kNone) return {};
  if (!room.is_public) return no_such_room();
  if (member.ban.holds(now)) return not_allowed(describe("banned", member.ban));
  if (room.is_archived) return not_allowed("the room is archived");
  return {};
}

Expected<void, RpcError> Standing::may_join() const {
  const bool is_wanted = !member.invited_by.empty() || room.owner == user;
  if (is_wanted && !member.ban.holds(now) && !room.is_archived) return {};
  return may_read();
}

Expected<void, RpcError> Standing::may_publish() const {
  if (const auto reading = may_read(); !reading) return reading;
  if (room.is_archived) return not_allowed("the room is archived");
  if (rank() == Rank::kNone) return not_allowed("join the room first");
  const bool is_mute = member.mute.holds(now) && role != UserRole::kAdmin;
  if (is_mute) return not_allowed(describe("muted", member.mute));
  return {};
}

}  // namespace chirm
