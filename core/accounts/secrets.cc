// SPDX-License-Identifier: MIT
#include "core/accounts/secrets.h"

#include <sodium.h>

#include <charconv>

#include "core/base/check.h"

namespace chirm {

namespace {

constexpr std::size_t kIdDigits = 16;

// May be called any number of times (1: it has been called before), and so stands where it is
// needed: there is no place that all programs pass first.
void need_sodium() {
  const int rc = sodium_init();
  CHIRM_CHECK(rc >= 0, rc);
}

}  // namespace

std::string random_bytes(std::size_t count) {
  need_sodium();
  std::string bytes(count, '\0');
  randombytes_buf(bytes.data(), count);
  return bytes;
}

std::uint32_t random_below(std::size_t limit) {
  CHIRM_CHECK(limit > 0 && limit <= UINT32_MAX, limit);
  need_sodium();
  return randombytes_uniform(static_cast<std::uint32_t>(limit));
}

std::string to_hex(std::string_view bytes) {
  static constexpr std::string_view kDigits = "0123456789abcdef";
  std::string text;
  for (const char c : bytes) {
    const auto byte = static_cast<unsigned char>(c);
    text += kDigits[byte >> 4];
    text += kDigits[byte & 0xf];
  }
  return text;
}

std::optional<std::string> from_hex(std::string_view text) {
  if (text.size() % 2 != 0) return std::nullopt;
  std::string bytes;
  for (std::size_t at = 0; at < text.size(); at += 2) {
    unsigned byte = 0;
    const char* end = text.data() + at + 2;
    const auto read = std::from_chars(text.data() + at, end, byte, 16);
    if (read.ec != std::errc() || read.ptr != end) return std::nullopt;
    bytes += static_cast<char>(byte);
  }
  // from_chars() takes upper case too. One value has one spelling here, as tokens are compared.
  if (to_hex(bytes) != text) return std::nullopt;
  return bytes;
}

std::string id_to_text(std::uint64_t id) {
  std::string text(kIdDigits, '0');
  for (auto digit = text.rbegin(); digit != text.rend(); ++digit, id >>= 4) {
    *digit = "0123456789abcdef"[id & 0xf];
  }
  return text;
}

std::optional<std::uint64_t> id_from_text(std::string_view text) {
  std::uint64_t id = 0;
  const auto read = std::from_chars(text.begin(), text.end(), id, 16);
  const bool is_right = read.ec == std::errc() && read.ptr == text.end();
  if (!is_right || id_to_text(id) != text) return std::nullopt;
  return id;
}

}  // namespace chirm
