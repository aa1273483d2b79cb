// SPDX-License-Identifier: MIT
#pragma once
// What channels and rooms may be called. Pure.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace chirm {

// 1 to 64 of lower-case ASCII letters, digits, '.', '_' and '-', with a letter or digit first.
bool is_room_name(std::string_view name);
// No control characters, nor any that change the direction of what follows.
bool is_one_line(std::string_view text);

enum class ChannelKind : std::uint8_t { kRoom, kDm, kInbox, kOther };
ChannelKind kind_of(std::string_view channel);

std::string channel_of_room(std::string_view room);
// "room:<name>" without its namespace.
std::string_view room_of(std::string_view channel);
std::string inbox_of(std::string_view user);
// nullopt when there can be no such conversation.
std::optional<std::string> channel_of_dm(std::string_view user, std::string_view other);
// The collection of documents that a user's list keeps a channel in (core/rooms/records.h).
std::string list_of(std::string_view user, std::string_view channel);
// Whether a channel of that name can be, and is not for others only.
bool is_for(std::string_view channel, std::string_view user);
// The one of the two whose name stands first, of a dm channel's name.
std::string_view first_of_dm(std::string_view channel);
// The other one of the two, of a dm channel that is `user`'s.
std::string_view other_of(std::string_view channel, std::string_view user);

}  // namespace chirm
