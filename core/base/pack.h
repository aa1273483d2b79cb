// SPDX-License-Identifier: MIT
#pragma once
// How nodes pack what they tell each other over the bus: numbers are little-endian; a string is its
// length in four bytes and its bytes.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "core/base/check.h"

namespace chirm::pack {

template <class Number>
void put_number(std::string& out, Number number) {
  for (std::size_t i = 0; i < sizeof(Number); ++i) {
    out += static_cast<char>(static_cast<unsigned char>(number >> (8 * i)));
  }
}

// `text` is shorter than 4 GiB.
inline void put_text(std::string& out, std::string_view text) {
  CHIRM_CHECK(text.size() <= UINT32_MAX, text.size());
  put_number(out, static_cast<std::uint32_t>(text.size()));
  out += text;
}

// These take from the front of what another node sent. nullopt: `in` is too short, and is of no use
// any more.
template <class Number>
std::optional<Number> take_number(std::string_view& in) {
  if (in.size() < sizeof(Number)) return std::nullopt;
  std::uint64_t number = 0;
  for (std::size_t i = sizeof(Number); i-- > 0;) {
    number = (number << 8) | static_cast<unsigned char>(in[i]);
  }
  in.remove_prefix(sizeof(Number));
  return static_cast<Number>(number);
}

inline std::optional<std::string_view> take_text(std::string_view& in) {
  const auto size = take_number<std::uint32_t>(in);
  if (!size || in.size() < *size) return std::nullopt;
  const std::string_view text = in.substr(0, *size);
  in.remove_prefix(*size);
  return text;
}

}  // namespace chirm::pack
