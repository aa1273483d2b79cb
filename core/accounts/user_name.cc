// SPDX-License-Identifier: MIT
#include "core/accounts/user_name.h"

#include <algorithm>

#include "core/accounts/secrets.h"
#include "core/base/check.h"
#include "protocol/ascii.h"
#include "protocol/channel_name.h"
#include "protocol/limits.h"

namespace chirm {

namespace {

constexpr std::size_t kGuestEndLength = 10;  // of 31 characters each: 8e14 names for a wish

bool is_letter_or_digit(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

}  // namespace

bool is_account_name(std::string_view name) {
  return name.size() >= 2 && name.size() <= 32 && is_letter_or_digit(name.front()) &&
         is_letter_or_digit(name.back()) && std::all_of(name.begin(), name.end(), [](char c) {
           return is_letter_or_digit(c) || c == '.' || c == '_' || c == '-';
         });
}

std::string user_of(std::string_view name) { return ascii::to_lower(name); }

// Without characters that look alike: people read these names to each other.
std::string make_guest_name(std::string_view wish) {
  CHIRM_CHECK(is_account_name(wish), wish);
  static constexpr std::string_view kCharacters = "abcdefghjkmnpqrstuvwxyz23456789";
  std::string name = '~' + user_of(wish) + '-';
  for (std::size_t i = 0; i < kGuestEndLength; ++i) {
    name += kCharacters[random_below(kCharacters.size())];
  }
  return name;
}

bool is_guest(std::string_view user) { return user.starts_with('~'); }

// A user becomes part of channels' names: '#' and ',' part the users of a private conversation
// there. Guests' names are the cluster's to give.
bool is_external_user(std::string_view user) {
  return user.empty() || (user.size() <= limits::kUserBytes && is_channel_name(user) &&
                          !is_guest(user) && user.find_first_of("#,") == std::string_view::npos);
}

}  // namespace chirm
