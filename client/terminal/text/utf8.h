// SPDX-License-Identifier: MIT
#pragma once
// Code points of UTF-8 text, for text from people and to terminals. Private to client/terminal/.

#include <string>
#include <string_view>

namespace chirm::terminal {

inline constexpr char32_t kReplacement = U'\uFFFD';

// Takes the first code point off `text`, which must not be empty; kReplacement for a byte that does
// not start a valid sequence (RFC 3629).
char32_t take_code_point(std::string_view& text);
void append_code_point(std::string& out, char32_t code_point);
// `text` with kReplacement for what is not UTF-8.
std::string to_utf8(std::string_view text);

}  // namespace chirm::terminal
