// SPDX-License-Identifier: MIT
#include "core/broker/search_text.h"

#include <algorithm>
#include <array>
#include <cstdint>

#include "protocol/json_fields.h"

namespace chirm {

namespace {

// Of a message, as rooms accept it.
constexpr std::size_t kTextMax = 64 * 1024;

// U+00C0 to U+017F without case and accents; a point: no letter.
constexpr std::string_view kLatin =
    "a a a a a a ae c e e e e i i i i d n o o o o o . o u u u u y th ss a a a a a a ae c "
    "e e e e i i i i d n o o o o o . o u u u u y th y a a a a a a c c c c c c c c d d d d "
    "e e e e e e e e e e g g g g g g g g h h h h i i i i i i i i i i ij ij j j k k k l l "
    "l l l l l l l l n n n n n n n n n o o o o o o oe oe r r r r r r s s s s s s s s t t "
    "t t t t u u u u u u u u u u u u w w y y y z z z z z z s";
constexpr std::uint32_t kLatinFirst = 0xC0;
constexpr std::uint32_t kLatinEnd = 0x180;

const std::array<std::string_view, kLatinEnd - kLatinFirst>& latin() {
  static const auto kLetters = [] {
    std::array<std::string_view, kLatinEnd - kLatinFirst> letters{};
    std::string_view rest = kLatin;
    for (std::string_view& letter : letters) {
      letter = rest.substr(0, rest.find(' '));
      rest.remove_prefix(std::min(rest.size(), letter.size() + 1));
    }
    return letters;
  }();
  return kLetters;
}

// Takes a code point; of bytes that are no UTF-8, one as it is.
std::uint32_t take_code_point(std::string_view& text) {
  const auto byte = [&](std::size_t at) { return static_cast<unsigned char>(text[at]); };
  const unsigned char first = byte(0);
  const std::size_t length = first < 0xC0 ? 1 : first < 0xE0 ? 2 : first < 0xF0 ? 3 : 4;
  std::uint32_t code = length == 1 ? first : first & (0xFFU >> (length + 1));
  if (text.size() < length) {
    text.remove_prefix(1);
    return first;
  }
  for (std::size_t i = 1; i < length; ++i) code = code << 6 | (byte(i) & 0x3FU);
  text.remove_prefix(length);
  return code;
}

void append_utf8(std::string& out, std::uint32_t code) {
  const auto put = [&](std::uint32_t byte) { out += static_cast<char>(byte); };
  if (code < 0x80) return put(code);
  if (code < 0x800) {
    put(0xC0 | code >> 6);
  } else if (code < 0x10000) {
    put(0xE0 | code >> 12);
    put(0x80 | (code >> 6 & 0x3F));
  } else {
    put(0xF0 | code >> 18);
    put(0x80 | (code >> 12 & 0x3F));
    put(0x80 | (code >> 6 & 0x3F));
  }
  put(0x80 | (code & 0x3F));
}

std::uint32_t lower(std::uint32_t code) {
  if (code >= 0x391 && code <= 0x3A9) return code + 0x20;  // Greek
  if (code >= 0x410 && code <= 0x42F) return code + 0x20;  // Cyrillic
  if (code >= 0x400 && code <= 0x40F) return code + 0x50;
  return code;
}

bool is_separator(std::uint32_t code) {
  if (code >= 0x80) {
    return code < kLatinFirst || (code >= 0x2000 && code <= 0x206F) ||  // general punctuation
           (code >= 0x3000 && code <= 0x3003);                          // CJK space and stops
  }
  return !((code >= '0' && code <= '9') || (code >= 'a' && code <= 'z') ||
           (code >= 'A' && code <= 'Z'));
}

// Appends the folded letter; false when it is none.
bool fold(std::string& out, std::uint32_t code) {
  if (is_separator(code)) return false;
  if (code >= 0x300 && code <= 0x36F) return true;  // an accent of the letter before
  if (code >= kLatinFirst && code < kLatinEnd) {
    const std::string_view letter = latin()[code - kLatinFirst];
    if (letter == ".") return false;
    out += letter;
  } else if (code >= 'A' && code <= 'Z') {
    out += static_cast<char>(code - 'A' + 'a');
  } else {
    append_utf8(out, lower(code));
  }
  return true;
}

}  // namespace

std::string message_text(std::string_view body) {
  // Most of what is no message is known without parsing it.
  if (body.find("\"text\"") == body.npos) return {};
  JsonFields publication(std::string("{").append(body).append("}"));
  JsonFields data(publication.raw("data"));
  if (data.text_or("type", {1, 16}, "") != "message") return {};
  std::string text = data.text_or("text", {1, kTextMax}, "");
  return data.is_right() ? text : std::string();
}

std::vector<std::string> folded_words(std::string_view text) {
  std::vector<std::string> words;
  std::string word;
  const auto end_word = [&] {
    if (!word.empty()) words.push_back(std::move(word));
    word.clear();
  };
  while (!text.empty()) {
    if (!fold(word, take_code_point(text))) end_word();
  }
  end_word();
  return words;
}

bool has_words(std::string_view text, const std::vector<std::string>& words) {
  const std::vector<std::string> its_words = folded_words(text);
  return std::all_of(words.begin(), words.end(), [&](const std::string& wanted) {
    return std::any_of(its_words.begin(), its_words.end(),
                       [&](const std::string& word) { return word.starts_with(wanted); });
  });
}

}  // namespace chirm
