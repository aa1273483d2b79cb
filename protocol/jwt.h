// SPDX-License-Identifier: MIT
#pragma once
// Connection tokens: JSON Web Tokens (RFC 7519) signed with HS256, RS256 or ES256 (RFC 7515, 7518
// §3), with the claims of Centrifugo's tokens (https://centrifugal.dev/docs/server/authentication)
// and a few of our own. Pure: the clock is an argument.

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "protocol/expected.h"
#include "protocol/signature.h"

namespace chirm {

// How a token subscribes its connection to a channel.
struct TokenChannel {
  std::string info;  // raw JSON for `chan_info`, or ""
  std::string data;  // raw JSON for the client, or ""
};
using TokenChannels = std::map<std::string, TokenChannel, std::less<>>;  // by name

struct TokenClaims {
  std::string user;                        // `sub`; "" is the anonymous user
  std::optional<std::int64_t> expires_at;  // unix seconds; from `expire_at` (0: never), else `exp`
  std::string info;                        // raw JSON of `info`, or ""
  // `subs`, or `channels` when that is empty. Nobody has checked that the names are channel names.
  TokenChannels channels;
  std::string session;  // `sid`
  std::string name;     // `name`: how the user is shown
  std::string role;     // `role`
};

// Whose tokens are accepted. Each algorithm has a key of its own, and a token is only ever checked
// with the key of its algorithm.
struct TokenKeys {
  std::string hmac_secret;                 // for HS256; "": none
  std::shared_ptr<const PublicKey> rsa;    // for RS256, or null
  std::shared_ptr<const PublicKey> ecdsa;  // for ES256, or null
  std::string issuer;                      // what `iss` must be; "": anything
  std::string audience;                    // what `aud` must be or have; "": anything

  bool has_any() const { return !hmac_secret.empty() || rsa || ecdsa; }
};

enum class TokenError : std::uint8_t {
  kExpired,  // past `exp`, or before `nbf`; the client should fetch a new one (error 109)
  // Malformed, wrong signature, algorithm without a key, wrong issuer or audience, `channel` claim,
  // or an option of a channel that does not exist here (close 3500).
  kInvalid,
};

// `now` is unix seconds. "none" and all algorithms but the three are refused.
[[nodiscard]] Expected<TokenClaims, TokenError> verify_connection_token(std::string_view token,
                                                                        const TokenKeys& keys,
                                                                        std::int64_t now);

// Signs claims given as a JSON object.
std::string sign_token_hs256(std::string_view claims_json, std::string_view secret);

}  // namespace chirm
