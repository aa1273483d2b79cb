// SPDX-License-Identifier: MIT
#pragma once
// Signatures by OpenSSL: HMAC-SHA256, and RS256 and ES256 (RFC 7518 §3.3, §3.4) with a public key.
// Pure.

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "protocol/expected.h"

namespace chirm {

// 32 bytes; "" when OpenSSL fails.
std::string hmac_sha256(std::string_view text, std::string_view secret);
// Takes the same time wherever the two differ, so that nobody can guess a signature byte by byte.
bool equal_in_constant_time(std::string_view a, std::string_view b);

// A public key. Its type decides what it can check: an RSA key checks RS256, a key on the curve
// P-256 checks ES256.
class PublicKey {
 public:
  enum class Type : std::uint8_t { kRsa, kEcdsa };

  // From PEM (SubjectPublicKeyInfo). The error says what was expected: another type, an RSA key
  // below 2048 bits or another curve is refused.
  [[nodiscard]] static Expected<std::shared_ptr<const PublicKey>, std::string> parse(
      Type type, std::string_view pem);
  ~PublicKey();
  PublicKey(const PublicKey&) = delete;
  PublicKey& operator=(const PublicKey&) = delete;

  // The signature as RFC 7518 has it: of ES256 the 64 bytes r and s.
  bool verify(std::string_view text, std::string_view signature) const;

 private:
  struct Impl;
  explicit PublicKey(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace chirm
