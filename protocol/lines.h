// SPDX-License-Identifier: MIT
#pragma once
// One WebSocket message carries one or more JSON objects joined by line feeds. Pure.

#include <string_view>

namespace chirm {

// Calls on_line(std::string_view) for each line of `message` until it returns false. One trailing
// line feed is tolerated. Returns false, after the lines before it, at an empty line or for an
// empty message: both are malformed.
template <class OnLine>
bool for_each_line(std::string_view message, OnLine&& on_line) {
  if (!message.empty() && message.back() == '\n') message.remove_suffix(1);
  while (true) {
    const std::size_t end = message.find('\n');
    const std::string_view line = message.substr(0, end);
    if (line.empty()) return false;
    if (!on_line(line) || end == std::string_view::npos) return true;
    message.remove_prefix(end + 1);
  }
}

}  // namespace chirm
