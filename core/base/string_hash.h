// SPDX-License-Identifier: MIT
#pragma once
// Hash for maps with string keys that are looked up by a view, without a copy:
// std::unordered_map<std::string, T, StringHash, std::equal_to<>>.

#include <functional>
#include <string_view>

namespace chirm {

struct StringHash {
  using is_transparent = void;  // NOLINT(readability-identifier-naming): the standard's name
  std::size_t operator()(std::string_view text) const noexcept {
    return std::hash<std::string_view>{}(text);
  }
};

}  // namespace chirm
