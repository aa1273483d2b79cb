// SPDX-License-Identifier: MIT
#pragma once
// Channel names: `room:<name>`, `dm:#<user>,<user>`, `user:#<user>`. A namespace is what stands
// before the first ':', the users that a channel is limited to stand behind the last '#'. Pure.

#include <string_view>

namespace chirm {

// True for 1 to limits::kChannelBytes bytes of printable ASCII or valid UTF-8 without control
// characters.
bool is_channel_name(std::string_view channel);

// "" when the name has no ':'.
std::string_view channel_namespace(std::string_view channel);

// True when a '#' limits the channel to listed users.
bool is_user_limited(std::string_view channel);
// True when `user` is one of the comma-separated users behind the last '#'.
bool allows_user(std::string_view channel, std::string_view user);

// Whether `pattern` is the whole of `name`: '*' stands for any number of bytes, '?' for one, and
// '\\' makes the byte behind it ordinary.
bool matches_glob(std::string_view pattern, std::string_view name);

}  // namespace chirm
