// SPDX-License-Identifier: MIT
#include "client/terminal/screen/key_splitter.h"

#include "client/terminal/text/utf8.h"

namespace chirm::terminal {

namespace {

constexpr char kEscapeByte = '\x1b';
constexpr std::size_t kUtf8BytesMax = 4;

bool is_between(char c, char low, char high) { return c >= low && c <= high; }

std::size_t csi_bytes(std::string_view bytes) {
  for (std::size_t i = 2; i < bytes.size(); ++i) {
    if (!is_between(bytes[i], 0x20, 0x3F)) return i + 1;  // the final byte, or garbage
  }
  return 0;
}

std::size_t escape_bytes(std::string_view bytes) {
  if (bytes.size() < 2) return 0;
  if (bytes[1] == '[') return csi_bytes(bytes);
  // SS3: the arrows of a terminal in application mode, and the first function keys.
  if (bytes[1] == 'O') return bytes.size() < 3 ? 0 : 3;
  // Escape and another key is that key with Alt, but two times Escape are two keys.
  return bytes[1] == kEscapeByte ? 1 : 2;
}

// A sequence that is cut short may still become one.
bool is_cut(std::string_view bytes) {
  if (bytes.size() >= kUtf8BytesMax || static_cast<unsigned char>(bytes.front()) < 0xC0) {
    return false;
  }
  for (const char c : bytes.substr(1)) {
    if ((static_cast<unsigned char>(c) & 0xC0) != 0x80) return false;
  }
  return true;
}

}  // namespace

std::string_view first_key(std::string_view bytes) {
  if (bytes.empty()) return bytes;
  if (bytes.front() == kEscapeByte) return bytes.substr(0, escape_bytes(bytes));
  std::string_view rest = bytes;
  // A byte that belongs to nothing is a key of its own, that means nothing: the next one is found
  // again.
  const bool is_valid = take_code_point(rest) != kReplacement;
  if (!is_valid && is_cut(bytes)) return {};
  return bytes.substr(0, bytes.size() - rest.size());
}

}  // namespace chirm::terminal
