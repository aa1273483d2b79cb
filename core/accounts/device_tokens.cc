// SPDX-License-Identifier: MIT
#include "core/accounts/device_tokens.h"

#include <charconv>

#include "core/accounts/cluster_key.h"
#include "core/accounts/secrets.h"
#include "core/loop/loop.h"
#include "protocol/signature.h"

namespace chirm {

namespace {
constexpr std::size_t kIdBytes = 8;
constexpr std::int64_t kDayMs = 86'400'000;
}  // namespace

std::int64_t DeviceTokens::today() const { return loop_.unix_ms() / kDayMs; }

// The first line keeps this from being a signature of anything else that the key signs.
std::string DeviceTokens::token_of(std::string_view id, std::int64_t day,
                                   std::string_view user) const {
  std::string token(id);
  token += '.' + std::to_string(day) + '.';
  const std::string text = "device\n" + token + '\n' + std::string(user);
  return token + to_hex(hmac_sha256(text, key_.bytes())) + '.' + std::string(user);
}

std::string DeviceTokens::make(std::string_view user) const {
  if (key_.bytes().empty()) return {};
  return token_of(to_hex(random_bytes(kIdBytes)), today(), user);
}

// Put together again from its parts and compared as a whole, as SessionBook::read() does. A clock
// that is behind the one that made it is no reason to refuse it.
std::optional<std::string> DeviceTokens::read(std::string_view token, std::string_view user) const {
  const std::size_t first = token.find('.');
  const std::size_t second = token.find('.', first + 1);
  if (first != 2 * kIdBytes || second == token.npos || key_.bytes().empty()) return std::nullopt;
  const std::string_view digits = token.substr(first + 1, second - first - 1);
  std::int64_t day = 0;
  const auto number = std::from_chars(digits.begin(), digits.end(), day);
  if (number.ec != std::errc() || day < 0 || today() - day > kLifetimeDays) return std::nullopt;
  const std::string_view id = token.substr(0, first);
  if (!equal_in_constant_time(token_of(id, day, user), token)) return std::nullopt;
  return std::string(id);
}

}  // namespace chirm
