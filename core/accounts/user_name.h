// SPDX-License-Identifier: MIT
#pragma once
// The names that accounts and guests have (docs/protocol.md, "Names"). Pure.

#include <string>
#include <string_view>

namespace chirm {

// 2 to 32 characters: ASCII letters, digits, '.', '_', '-', with a letter or digit first and last.
bool is_account_name(std::string_view name);
// The rule of is_account_name(), for people.
inline constexpr std::string_view kAccountNameRule =
    "2 to 32 letters, digits, '.', '_' or '-', with a letter or digit first and last";

// The user that an account of that name has: names that differ only in case are the same user.
std::string user_of(std::string_view name);

// A new name such as "~ada-x7k2m9pq4r", which nobody can register. `wish` is one that an account
// could have.
std::string make_guest_name(std::string_view wish);
bool is_guest(std::string_view user);

// The collection of documents with one of each user who has ever signed in, with whatever token.
// core/rooms writes them; core/accounts lets nobody register a name that has one.
inline constexpr std::string_view kPersonCollection = "person";

// Whether a token of the operator's own system may name it as its `sub`. "" is the anonymous user,
// and may be named.
bool is_external_user(std::string_view user);

}  // namespace chirm
