// SPDX-License-Identifier: MIT
#pragma once
// What an operator can set about accounts, with the defaults: an aggregate, a member each.

#include <cstddef>
#include <cstdint>
#include <set>
#include <string>

#include "core/accounts/password_hasher.h"
#include "core/accounts/throttle.h"

namespace chirm {

struct AccountSettings {
  bool is_on = true;
  bool has_registration = true;  // chirmd: off where outside tokens are taken, unless asked for
  bool has_guests = true;
  std::set<std::string, std::less<>> admins;  // users; they cannot be registered over HTTP

  std::uint32_t token_s = 600;  // how long a session token lasts
  PasswordCost cost;
  // Passwords that wait to be hashed, some three seconds' worth; more are refused.
  std::size_t hash_queue_max = 100;

  bool is_throttled = true;  // false: something in front of the nodes does it
  // Log-ins and new passwords.
  Throttle::Limit per_address{20, 3'000};      // all of an address
  Throttle::Limit per_name_there{10, 10'000};  // those that failed for a name, from one network
  Throttle::Limit per_name{100, 10'000};       // those that failed for a name, from everywhere
  // Wrong passwords for a name from a device on which its owner has signed in before, and from all
  // of these: they count by themselves, not by network nor with those from elsewhere.
  Throttle::Limit per_device{10, 10'000};
  Throttle::Limit per_name_on_devices{40, 2'500};
  // Refreshes and log-outs of a session.
  Throttle::Limit per_session{20, 3'000};
  // Registrations and guests of an address.
  Throttle::Limit new_per_address{30, 20'000};
};

}  // namespace chirm
