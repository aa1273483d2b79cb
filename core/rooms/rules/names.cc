// SPDX-License-Identifier: MIT
#include "core/rooms/rules/names.h"

#include <algorithm>

#include "core/base/check.h"
#include "core/rooms/rules/records.h"
#include "protocol/channel_name.h"

namespace chirm {

namespace {

constexpr std::string_view kDmPrefix = "dm:#";

bool is_letter_or_digit(char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); }

}  // namespace

bool is_room_name(std::string_view name) {
  constexpr std::size_t kBytes = 64;
  return !name.empty() && name.size() <= kBytes && is_letter_or_digit(name.front()) &&
         std::all_of(name.begin(), name.end(), [](char c) {
           return is_letter_or_digit(c) || c == '.' || c == '_' || c == '-';
         });
}

bool is_one_line(std::string_view text) {
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    if (byte < 0x20 || byte == 0x7F) return false;
    // The controls U+0080 to U+009F; line separators and overrides U+2028 to U+202E; isolates
    // U+2066 to U+2069. Joiners (U+200C, U+200D) and marks (U+200E) stay allowed, for emoji and
    // scripts that need them. UTF-8 keeps the order of code points, so that bytes can be compared.
    if (byte == 0xC2 && static_cast<unsigned char>(text[i + 1]) < 0xA0) return false;
    const std::string_view three = text.substr(i, 3);
    if (three >= "\xE2\x80\xA8" && three <= "\xE2\x80\xAE") return false;
    if (three >= "\xE2\x81\xA6" && three <= "\xE2\x81\xA9") return false;
  }
  return true;
}

ChannelKind kind_of(std::string_view channel) {
  const std::string_view space = channel_namespace(channel);
  if (space == "room") return ChannelKind::kRoom;
  if (space == "dm") return ChannelKind::kDm;
  return space == "user" ? ChannelKind::kInbox : ChannelKind::kOther;
}

std::string channel_of_room(std::string_view room) { return "room:" + std::string(room); }

std::string_view room_of(std::string_view channel) {
  CHIRM_CHECK(kind_of(channel) == ChannelKind::kRoom, channel);
  return channel.substr(std::string_view("room:").size());
}

std::string inbox_of(std::string_view user) { return "user:#" + std::string(user); }

std::string list_of(std::string_view user, std::string_view channel) {
  return kind_of(channel) == ChannelKind::kDm ? dms_of(user) : rooms_of(user);
}

std::optional<std::string> channel_of_dm(std::string_view user, std::string_view other) {
  // '#' and ',' part the names in the channel's: with one of them inside, two pairs of people could
  // have the same channel.
  const auto is_bad = [](std::string_view name) {
    return name.empty() || name.find_first_of("#,") != std::string_view::npos;
  };
  if (user == other || is_bad(user) || is_bad(other)) return std::nullopt;
  std::string channel(kDmPrefix);
  channel.append(std::min(user, other)).append(",").append(std::max(user, other));
  if (!is_channel_name(channel)) return std::nullopt;
  return channel;
}

bool is_for(std::string_view channel, std::string_view user) {
  switch (kind_of(channel)) {
    case ChannelKind::kRoom:
      return is_room_name(room_of(channel));
    case ChannelKind::kDm:
      // Only the spelling that channel_of_dm() makes: else one conversation had two channels.
      return channel.starts_with(kDmPrefix) &&
             channel_of_dm(user, other_of(channel, user)) == channel;
    case ChannelKind::kInbox:
      return channel == inbox_of(user);
    case ChannelKind::kOther:
      break;
  }
  return false;
}

std::string_view first_of_dm(std::string_view channel) {
  if (!channel.starts_with(kDmPrefix)) return {};
  const std::string_view users = channel.substr(kDmPrefix.size());
  return users.substr(0, users.find(','));
}

std::string_view other_of(std::string_view channel, std::string_view user) {
  const std::string_view users = channel.substr(kDmPrefix.size());
  const std::size_t comma = users.find(',');
  const std::string_view first = users.substr(0, comma);
  return first == user ? users.substr(comma + 1) : first;
}

}  // namespace chirm
