// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <string_view>

namespace chirm {

// What somebody is in the whole system; what they are in a room is another thing.
enum class UserRole : std::uint8_t { kGuest, kUser, kAdmin };

constexpr std::string_view text_of(UserRole role) {
  if (role == UserRole::kGuest) return "guest";
  return role == UserRole::kAdmin ? "admin" : "user";
}

}  // namespace chirm
