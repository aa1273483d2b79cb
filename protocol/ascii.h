// SPDX-License-Identifier: MIT
#pragma once
// Upper and lower case of ASCII letters; other bytes are left alone. Pure.

#include <algorithm>
#include <string>
#include <string_view>

namespace chirm::ascii {

constexpr char to_lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c; }

inline std::string to_lower(std::string_view text) {
  std::string lower(text);
  for (char& c : lower) c = to_lower(c);
  return lower;
}

inline bool equals_ignoring_case(std::string_view a, std::string_view b) {
  return std::ranges::equal(a, b, [](char x, char y) { return to_lower(x) == to_lower(y); });
}

}  // namespace chirm::ascii
