// SPDX-License-Identifier: MIT
#pragma once
// Names that nobody may take, as they pass for the server's or for somebody else's, and passwords
// that are known. Pure. Private to core/accounts.

#include <string>
#include <string_view>

namespace chirm {

// How a name looks: names with the same look are hard to tell apart, as "paul" and "pauI" are (the
// skeletons of Unicode Technical Standard 39, §4, without regard to case). `name` is an account's.
std::string look_of(std::string_view name);

// Whether the name is, or looks like, one of the server's or of those who run it, as "admin" or
// "system" are. Operators may have such accounts; nobody can register one.
bool is_reserved(std::string_view name);

// Whether some 10,000 guesses find the password of somebody with that name: it is a well-known one,
// simple to say (a word, a row of keys, a repetition), or has the name in it (if that has four
// characters at least). Takes less than a millisecond.
bool is_easily_guessed(std::string_view password, std::string_view name);

}  // namespace chirm
