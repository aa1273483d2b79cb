// SPDX-License-Identifier: MIT
#include "core/accounts/name_rules.h"

#include <unicode/uspoof.h>
#include <zxcvbn.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "core/accounts/user_name.h"
#include "core/base/check.h"
#include "protocol/ascii.h"

namespace chirm {

namespace {

constexpr std::array<std::string_view, 40> kReserved{
    "abuse",     "admin", "administrator", "all",       "anonymous", "api",      "bot",
    "channel",   "chirm", "everyone",      "guest",     "help",      "here",     "host",
    "info",      "me",    "mod",           "moderator", "nobody",    "null",     "official",
    "operator",  "owner", "postmaster",    "room",      "root",      "security", "server",
    "service",   "staff", "support",       "sysadmin",  "sysop",     "system",   "team",
    "undefined", "user",  "users",         "webmaster", "you"};

constexpr std::size_t kNameInPassword = 4;
// What zxcvbn looks at. Of 40 bytes it takes 0.4 ms at most, of 64 17 ms and of 128 380 ms, all of
// them one repeated letter; libzxcvbn 2.5, 2026-12.
constexpr std::size_t kLookedAt = 40;
constexpr double kGuessesMax = 10'000;

const USpoofChecker* checker() {
  static const USpoofChecker* const made = [] {
    UErrorCode error = U_ZERO_ERROR;
    const USpoofChecker* const opened = uspoof_open(&error);
    CHIRM_CHECK(U_SUCCESS(error), u_errorName(error));
    return opened;
  }();
  return made;
}

}  // namespace

std::string look_of(std::string_view name) {
  CHIRM_CHECK(is_account_name(name), name);
  // Each of its characters becomes two at most.
  std::array<char, 128> text{};
  UErrorCode error = U_ZERO_ERROR;
  const std::int32_t size =
      uspoof_getSkeletonUTF8(checker(), 0, name.data(), static_cast<std::int32_t>(name.size()),
                             text.data(), static_cast<std::int32_t>(text.size()), &error);
  CHIRM_CHECK(U_SUCCESS(error) && size > 0, u_errorName(error), name);
  return ascii::to_lower(std::string_view(text.data(), static_cast<std::size_t>(size)));
}

// Their looks as they are written in lower case; and in upper case a small l and an I are the same.
bool is_reserved(std::string_view name) {
  const std::string user = user_of(name);
  const std::string look = look_of(name);
  return std::ranges::any_of(
      kReserved, [&](std::string_view one) { return user == one || look == look_of(one); });
}

bool is_easily_guessed(std::string_view password, std::string_view name) {
  const std::string lower = ascii::to_lower(password);
  const std::string user = user_of(name);
  if (user.size() >= kNameInPassword && lower.find(user) != std::string::npos) return true;
  // A C library: its texts end with a zero byte.
  const std::string looked_at(password.substr(0, std::min(kLookedAt, password.find('\0'))));
  std::array<const char*, 3> known{user.c_str(), "chirm", nullptr};
  return ZxcvbnMatch(looked_at.c_str(), known.data(), nullptr) < std::log2(kGuessesMax);
}

}  // namespace chirm
