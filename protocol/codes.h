// SPDX-License-Identifier: MIT
#pragma once
// Codes of the Centrifugal client protocol, version 2: errors in replies, disconnects (which are
// WebSocket close codes) and unsubscribes. Pure constants.
// Source: https://centrifugal.dev/docs/server/codes

#include <cstdint>
#include <string_view>

namespace chirm {

// An error in a reply. `message` is part of the protocol, not meant for people.
struct ErrorCode {
  std::uint16_t code;
  std::string_view message;
  bool temporary = false;  // the client may try the same command again later

  friend bool operator==(const ErrorCode& a, const ErrorCode& b) { return a.code == b.code; }
};

namespace errors {
inline constexpr ErrorCode kInternal{100, "internal server error", true};
inline constexpr ErrorCode kUnauthorized{101, "unauthorized"};
inline constexpr ErrorCode kUnknownChannel{102, "unknown channel"};
inline constexpr ErrorCode kPermissionDenied{103, "permission denied"};
inline constexpr ErrorCode kMethodNotFound{104, "method not found"};
inline constexpr ErrorCode kAlreadySubscribed{105, "already subscribed"};
inline constexpr ErrorCode kLimitExceeded{106, "limit exceeded"};
inline constexpr ErrorCode kBadRequest{107, "bad request"};
inline constexpr ErrorCode kNotAvailable{108, "not available"};
inline constexpr ErrorCode kTokenExpired{109, "token expired"};
inline constexpr ErrorCode kExpired{110, "expired"};
inline constexpr ErrorCode kTooManyRequests{111, "too many requests", true};
inline constexpr ErrorCode kUnrecoverablePosition{112, "unrecoverable position"};
// Not of the reference server; as the HTTP status.
inline constexpr ErrorCode kStoreFull{507, "the store is full: nothing more can be kept", true};
}  // namespace errors

// Why a connection is closed. Reasons must not be empty and must not parse as JSON: the JavaScript
// SDK reads a JSON reason as an object and ignores a terminal code that has no reason.
// 3000-3499 and 4000-4499: the client reconnects; 3500-3999 and 4500-4999: it does not.
struct Disconnect {
  std::uint16_t code;
  std::string_view reason;

  friend bool operator==(const Disconnect& a, const Disconnect& b) { return a.code == b.code; }
};

namespace disconnects {
inline constexpr Disconnect kNormal{1000, "bye"};                    // RFC 6455 §7.4.1
inline constexpr Disconnect kProtocolError{1002, "protocol error"};  // RFC 6455 §7.4.1
inline constexpr Disconnect kInvalidPayload{1007, "invalid UTF-8"};  // RFC 6455 §7.4.1
inline constexpr Disconnect kTooBig{1009, "message too big"};        // RFC 6455 §7.4.1
inline constexpr Disconnect kShutdown{3001, "shutdown"};
inline constexpr Disconnect kInternal{3004, "internal server error"};
inline constexpr Disconnect kExpired{3005, "connection expired"};
inline constexpr Disconnect kSlow{3008, "slow"};
inline constexpr Disconnect kInsufficientState{3010, "insufficient state"};
inline constexpr Disconnect kNoPong{3012, "no pong"};
inline constexpr Disconnect kTooManyRequests{3013, "too many requests"};
inline constexpr Disconnect kInvalidToken{3500, "invalid token"};
inline constexpr Disconnect kBadRequest{3501, "bad request"};
inline constexpr Disconnect kStale{3502, "stale"};
inline constexpr Disconnect kForced{3503, "force disconnect"};
inline constexpr Disconnect kChannelLimit{3505, "channel limit"};
inline constexpr Disconnect kNotAvailable{3508, "not available"};
}  // namespace disconnects

// Whether a client may come back after a close with this code (RFC 6455 codes below 3000 mean the
// transport failed; 1009 repeats for ever, so it is final).
constexpr bool may_reconnect(std::uint16_t close_code) {
  if (close_code == 1009) return false;
  return !((close_code >= 3500 && close_code <= 3999) ||
           (close_code >= 4500 && close_code <= 4999));
}

// Why the server ended a subscription. Below 2500 the client stays unsubscribed, from 2500 on it
// subscribes again at once, with recovery.
struct Unsubscribe {
  std::uint16_t code;
  std::string_view reason;
};

namespace unsubscribes {
inline constexpr Unsubscribe kServer{2000, "server unsubscribe"};
inline constexpr Unsubscribe kInsufficientState{2500, "insufficient state"};
}  // namespace unsubscribes

}  // namespace chirm
