// SPDX-License-Identifier: MIT
#pragma once
// What is one emoji, by Unicode's own list as ICU has it. Pure.

#include <cstddef>
#include <string_view>

namespace chirm {

// No emoji of Unicode 15 is longer than 35 bytes.
inline constexpr std::size_t kEmojiBytesMax = 64;

// Whether a text is exactly one emoji that is recommended for general interchange (UTS 51, ED-27):
// single ones, flags, keycaps, those with skin tones, and the sequences with joiners. The selector
// U+FE0F at the end of a single one may be missing, as some keyboards leave it out. What a newer
// Unicode than ICU's has is none. `text` may be anything, also no UTF-8.
bool is_emoji(std::string_view text);

}  // namespace chirm
