// SPDX-License-Identifier: MIT
#include "client/terminal/text/safe_text.h"

#include <algorithm>

#include "client/terminal/text/utf8.h"

namespace chirm::terminal {

namespace {

constexpr char32_t kEscape = 0x1B;
constexpr char32_t kBell = 0x07;
// The one-character forms in C1 of ESC [, of ESC \, and of the openers of control strings.
constexpr char32_t kCsi = 0x9B;
constexpr char32_t kStringTerminator = 0x9C;

bool is_control(char32_t c) { return c < 0x20 || (c >= 0x7F && c <= 0x9F); }

bool is_line_break(char32_t c) {
  return c == U'\n' || c == 0x85 || c == 0x2028 || c == 0x2029;  // NEL, line, paragraph separator
}

// Marks, embeddings, overrides and isolates of direction (UAX #9 §2), and the byte order mark.
bool is_invisible_format(char32_t c) {
  return c == 0x061C || c == 0x200E || c == 0x200F || (c >= 0x202A && c <= 0x202E) ||
         (c >= 0x2066 && c <= 0x2069) || c == 0xFEFF;
}

// DCS, SOS, OSC, PM and APC: a string of any length follows.
bool opens_string(char32_t c1) {
  return c1 == 0x90 || c1 == 0x98 || c1 == 0x9D || c1 == 0x9E || c1 == 0x9F;
}

// Behind CSI: parameters, intermediates, one final byte (ECMA-48 §5.4).
void skip_csi(std::string_view& text) {
  while (!text.empty() && text.front() >= 0x20 && text.front() <= 0x3F) text.remove_prefix(1);
  if (!text.empty() && text.front() >= 0x40 && text.front() <= 0x7E) text.remove_prefix(1);
}

// Up to the terminator. Without one there is no string: only the opener is dropped, so that nobody
// can hide the rest of a message.
void skip_string(std::string_view& text) {
  std::string_view rest = text;
  while (!rest.empty()) {
    const char32_t c = take_code_point(rest);
    if (c == kEscape && rest.starts_with('\\'))
      rest.remove_prefix(1);
    else if (c != kBell && c != kStringTerminator)
      continue;
    text = rest;
    return;
  }
}

// Behind ESC or a C1 character.
void skip_sequence(std::string_view& text, char32_t control) {
  if (control == kEscape) {
    if (text.empty() || text.front() < 0x20 || text.front() > 0x7E) return;
    const char next = text.front();
    text.remove_prefix(1);
    if (next < 0x30) {  // intermediates and a final byte, such as ESC ( B
      if (!text.empty() && text.front() >= 0x30 && text.front() <= 0x7E) text.remove_prefix(1);
      return;
    }
    if (next < 0x40 || next > 0x5F) return;
    control = static_cast<char32_t>(next) + 0x40;
  }
  if (control == kCsi) skip_csi(text);
  if (opens_string(control)) skip_string(text);
}

}  // namespace

std::string safe_text(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  while (!text.empty()) {
    const char32_t c = take_code_point(text);
    // Rebuilt from what is understood: bytes that are no UTF-8 come out as the replacement sign.
    if (is_line_break(c)) {
      out += '\n';
    } else if (c == U'\t') {
      out += ' ';
    } else if (is_control(c)) {
      skip_sequence(text, c);
    } else if (!is_invisible_format(c)) {
      append_code_point(out, c);
    }
  }
  return out;
}

std::string safe_line(std::string_view text) {
  std::string line = safe_text(text);
  std::replace(line.begin(), line.end(), '\n', ' ');
  return line;
}

}  // namespace chirm::terminal
