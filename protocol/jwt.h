// SPDX-License-Identifier: MIT
#pragma once
// Connection tokens: JSON Web Tokens (RFC 7519) signed with HS256 (RFC 7515, 7518 §3.2), with the
// claims of Centrifugo's tokens (https://centrifugal.dev/docs/server/authentication). Pure: the
// clock is an argument.

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "protocol/expected.h"

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
  // `subs`, or when that is empty `channels`. The names may be none.
  TokenChannels channels;
};

enum class TokenError : std::uint8_t {
  kExpired,  // past `exp` or before `nbf`: the client should fetch a new one (error 109)
  // Malformed, wrong signature, algorithm not HS256, `channel` claim, or an option of a channel
  // that does not exist here (close 3500).
  kInvalid,
};

// `secret` is the shared key as bytes; with an empty one no token is valid. `now` is unix seconds.
// The signature is compared in constant time. `alg` must be HS256: "none" and all others are
// refused.
[[nodiscard]] Expected<TokenClaims, TokenError> verify_connection_token(std::string_view token,
                                                                        std::string_view secret,
                                                                        std::int64_t now);

// Signs claims given as a JSON object: what an operator's own system does. For tests.
std::string sign_token_hs256(std::string_view claims_json, std::string_view secret);

}  // namespace chirm
