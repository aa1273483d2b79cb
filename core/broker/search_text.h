// SPDX-License-Identifier: MIT
#pragma once
// What a search compares: the words of a chat message, without case and accents. Pure.

#include <string>
#include <string_view>
#include <vector>

namespace chirm {

// The text of a publication's body when it is a chat message (`data.type` is "message"), else "".
std::string message_text(std::string_view body);

// The words of a text (UTF-8): runs of letters and digits. Latin letters up to U+017F are made
// lower-case and lose their accents; Greek and Cyrillic ones are made lower-case. Everything else
// beyond ASCII counts as a letter and stays as it is.
std::vector<std::string> folded_words(std::string_view text);

// Whether each of these words is the beginning of a word of the text.
bool has_words(std::string_view text, const std::vector<std::string>& words);

}  // namespace chirm
