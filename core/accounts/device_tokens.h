// SPDX-License-Identifier: MIT
#pragma once
// What a device keeps that somebody has signed in on, to prove that later: so whoever guesses at a
// name from elsewhere cannot lock its owner out there (see PasswordCheck). It admits to nothing.
//
// A device token is "<id>.<day>.<signature>.<user>". Nothing of it is stored. On the loop's thread.
// Private to core/accounts.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace chirm {

class ClusterKey;
class Loop;

class DeviceTokens {
 public:
  static constexpr std::int64_t kLifetimeDays = 365;
  static constexpr std::uint32_t kLifetimeS = kLifetimeDays * 86'400;

  // Both must outlive this.
  DeviceTokens(const Loop& loop, const ClusterKey& key) : loop_(loop), key_(key) {}

  // For a device on which the user has just signed in. "" while the key is not known.
  std::string make(std::string_view user) const;
  // The device's id, if this cluster has made the token, for that user, and not too long ago.
  std::optional<std::string> read(std::string_view token, std::string_view user) const;

 private:
  std::string token_of(std::string_view id, std::int64_t day, std::string_view user) const;
  std::int64_t today() const;

  const Loop& loop_;
  const ClusterKey& key_;
};

}  // namespace chirm
