// SPDX-License-Identifier: MIT
#pragma once
// Base64 (RFC 4648) by OpenSSL, strict in both alphabets: one text for each sequence of bytes.
// Pure.

#include <optional>
#include <string>
#include <string_view>

namespace chirm::base64 {

// The standard alphabet, with padding (§4).
std::string encode(std::string_view bytes);
// nullopt unless `text` is exactly what encode() makes of the result.
std::optional<std::string> decode(std::string_view text);

// The alphabet for URLs and file names, without padding (§5, RFC 7515 §2).
std::string encode_url(std::string_view bytes);
std::optional<std::string> decode_url(std::string_view text);

}  // namespace chirm::base64
