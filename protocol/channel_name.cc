// SPDX-License-Identifier: MIT
#include "protocol/channel_name.h"

#include "protocol/json.h"
#include "protocol/limits.h"

namespace chirm {
namespace {

// By bytes instead of code points: once it is UTF-8, those below 0x80 stand for themselves, and C2
// is never a continuation byte (RFC 3629 §3).
bool has_control_characters(std::string_view text) {
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    if (byte < 0x20 || byte == 0x7F) return true;
    // U+0080 to U+009F are C2 80 to C2 9F.
    if (byte == 0xC2 && i + 1 < text.size() && static_cast<unsigned char>(text[i + 1]) < 0xA0) {
      return true;
    }
  }
  return false;
}

}  // namespace

bool is_channel_name(std::string_view channel) {
  return !channel.empty() && channel.size() <= limits::kChannelBytes && json::is_utf8(channel) &&
         !has_control_characters(channel);
}

std::string_view channel_namespace(std::string_view channel) {
  const std::size_t colon = channel.find(':');
  return colon == std::string_view::npos ? std::string_view() : channel.substr(0, colon);
}

// From the first '#': a name with one is never taken for a channel of everybody, wherever it
// stands.
bool is_user_limited(std::string_view channel) {
  return channel.find('#') != std::string_view::npos;
}

bool allows_user(std::string_view channel, std::string_view user) {
  const std::size_t hash = channel.rfind('#');
  // The anonymous user "" is nobody's friend: `dm:#` and `dm:#1,` list no such user.
  if (hash == std::string_view::npos || user.empty()) return false;
  std::string_view users = channel.substr(hash + 1);
  while (true) {
    const std::size_t comma = users.find(',');
    if (users.substr(0, comma) == user) return true;
    if (comma == std::string_view::npos) return false;
    users.remove_prefix(comma + 1);
  }
}

// On a mismatch it goes back to the last '*' only, which then takes one byte more. Earlier ones
// need not be tried: what lies between two of them was matched as early as possible. So a pattern
// from outside costs O(pattern x name), where going back to all of them would be exponential.
bool matches_glob(std::string_view pattern, std::string_view name) {
  std::size_t at = 0;
  std::size_t star = std::string_view::npos;
  std::size_t star_end = 0;  // of what the last '*' stands for
  for (std::size_t i = 0; i < name.size();) {
    const bool is_star = at < pattern.size() && pattern[at] == '*';
    if (is_star) {
      star = at++;
      star_end = i;
      continue;
    }
    const bool is_escaped = at + 1 < pattern.size() && pattern[at] == '\\';
    const std::size_t literal = at + (is_escaped ? 1 : 0);
    const bool is_any = !is_escaped && at < pattern.size() && pattern[at] == '?';
    if (is_any || (literal < pattern.size() && pattern[literal] == name[i])) {
      at = literal + 1;
      ++i;
    } else if (star != std::string_view::npos) {
      at = star + 1;
      i = ++star_end;
    } else {
      return false;
    }
  }
  while (at < pattern.size() && pattern[at] == '*') ++at;
  return at == pattern.size();
}

}  // namespace chirm
