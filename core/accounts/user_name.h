// SPDX-License-Identifier: MIT
#pragma once
// The names that accounts and guests have (docs/protocol.md, "Names"). Pure.

#include <string>
#include <string_view>

namespace chirm {

// 2 to 32 characters: ASCII letters, digits, '.', '_', '-', with a letter or digit first and last.
bool is_account_name(std::string_view name);
// What is_account_name() wants, for people.
inline constexpr std::string_view kAccountNameRule =
    "2 to 32 letters, digits, '.', '_' or '-', with a letter or digit first and last";

// The user of an account's name: upper and lower case are the same.
std::string user_of(std::string_view name);

// "~ada-x7k2m9pq4r": nobody can register it. `wish` is an account's name.
std::string make_guest_name(std::string_view wish);
bool is_guest(std::string_view user);

// Whether a token of the operator's own system may have it as its `sub`; "" is the anonymous user.
bool is_external_user(std::string_view user);

}  // namespace chirm
