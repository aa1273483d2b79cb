// SPDX-License-Identifier: MIT
#include "protocol/base64.h"

#include <openssl/evp.h>

#include <algorithm>

namespace chirm::base64 {
namespace {

const unsigned char* to_unsigned(std::string_view bytes) {
  return reinterpret_cast<const unsigned char*>(bytes.data());
}

}  // namespace

std::string encode(std::string_view bytes) {
  // EVP_EncodeBlock writes a NUL behind the text, where std::string has one anyway.
  std::string text((bytes.size() + 2) / 3 * 4, '\0');
  EVP_EncodeBlock(reinterpret_cast<unsigned char*>(text.data()), to_unsigned(bytes),
                  static_cast<int>(bytes.size()));
  return text;
}

std::optional<std::string> decode(std::string_view text) {
  if (text.size() % 4 != 0) return std::nullopt;
  std::string bytes(text.size() / 4 * 3, '\0');
  const int length = EVP_DecodeBlock(reinterpret_cast<unsigned char*>(bytes.data()),
                                     to_unsigned(text), static_cast<int>(text.size()));
  if (length != static_cast<int>(bytes.size())) return std::nullopt;
  // OpenSSL counts the bytes of the padding too.
  for (std::size_t i = 1; i <= 2 && i <= text.size() && text[text.size() - i] == '='; ++i) {
    bytes.pop_back();
  }
  // It also ignores white space around the text and set bits behind the last byte. RFC 4648 §3.5
  // allows to refuse those bits; here it keeps a signature from having several spellings.
  if (encode(bytes) != text) return std::nullopt;
  return bytes;
}

std::string encode_url(std::string_view bytes) {
  std::string text = encode(bytes);
  while (!text.empty() && text.back() == '=') text.pop_back();
  std::replace(text.begin(), text.end(), '+', '-');
  std::replace(text.begin(), text.end(), '/', '_');
  return text;
}

// By way of the standard alphabet, as OpenSSL has no decoder for this one. So what belongs to the
// standard alphabet only is refused first: it would pass unnoticed afterwards.
std::optional<std::string> decode_url(std::string_view text) {
  if (text.find_first_of("+/=") != std::string_view::npos) return std::nullopt;
  std::string standard(text);
  std::replace(standard.begin(), standard.end(), '-', '+');
  std::replace(standard.begin(), standard.end(), '_', '/');
  standard.append((4 - text.size() % 4) % 4, '=');
  return decode(standard);
}

}  // namespace chirm::base64
