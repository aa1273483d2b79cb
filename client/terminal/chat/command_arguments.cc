// SPDX-License-Identifier: MIT
#include "client/terminal/chat/command_arguments.h"

#include <charconv>

#include "client/terminal/text/utf8.h"

namespace chirm::terminal {

namespace {

// Not line feeds: a message of several lines keeps them.
constexpr std::string_view kBlanks = " \t";

}  // namespace

std::string_view trim(std::string_view text) {
  const std::size_t first = text.find_first_not_of(kBlanks);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kBlanks) - first + 1);
}

std::string_view take_word(std::string_view& text) {
  text = trim(text);
  const std::string_view word = text.substr(0, text.find_first_of(kBlanks));
  text = trim(text.substr(word.size()));
  return word;
}

std::string take_user(std::string_view& text) {
  std::string_view word = take_word(text);
  if (word.starts_with('@')) word.remove_prefix(1);
  return to_utf8(word);
}

std::string take_name(std::string_view& text) {
  std::string_view word = take_word(text);
  if (word.starts_with('#') || word.starts_with('@')) word.remove_prefix(1);
  return std::string(word);
}

std::optional<std::uint64_t> parse_duration(std::string_view word) {
  constexpr std::uint64_t kCountMax = 100'000;  // keeps days, in seconds, far from overflow
  std::uint64_t count = 0;
  const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), count);
  const bool is_whole = error == std::errc() && end + 1 == word.data() + word.size();
  if (!is_whole || count == 0 || count > kCountMax) return std::nullopt;
  switch (word.back()) {
    case 's':
      return count;
    case 'm':
      return count * 60;
    case 'h':
      return count * 3600;
    case 'd':
      return count * 86'400;
    default:
      return std::nullopt;
  }
}

}  // namespace chirm::terminal
