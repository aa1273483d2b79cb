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
// No control characters, and none that change the direction of the text after them. `text` is valid
// UTF-8.
bool is_one_line(std::string_view text);

enum class ChannelKind : std::uint8_t { kRoom, kDm, kInbox, kOther };
ChannelKind kind_of(std::string_view channel);

std::string channel_of_room(std::string_view room);
// The name behind "room:", of a channel of kind kRoom.
std::string_view room_of(std::string_view channel);
std::string inbox_of(std::string_view user);
// The same for both of them, "dm:#<user>,<user>" in byte order. nullopt: there can be no such
// conversation, because they are the same user or a name cannot be part of a channel's.
std::optional<std::string> channel_of_dm(std::string_view user, std::string_view other);
// The collection that a user's list keeps a room or private conversation in (records.h).
std::string list_of(std::string_view user, std::string_view channel);
// Whether there can be a channel of that name, and it is not of other people only.
bool is_for(std::string_view channel, std::string_view user);
// The one of the two who is named first; "" if it is no name of a private conversation.
std::string_view first_of_dm(std::string_view channel);
// The other one of the two, of a private conversation of `user`'s.
std::string_view other_of(std::string_view channel, std::string_view user);

}  // namespace chirm
