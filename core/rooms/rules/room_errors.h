// SPDX-License-Identifier: MIT
#pragma once
// What chat.* methods and publishes answer: results that may fail, and the errors by name. The
// codes are listed in docs/protocol.md. Pure. Private to core/rooms.

#include <cstdint>
#include <string>
#include <utility>

#include "core/chat/rpc.h"

namespace chirm {

template <class T>
using Result = Expected<T, RpcError>;

// Of a method that has nothing to tell but that it is done.
inline constexpr const char* kEmptyResult = "{}";

// Codes beyond those of the client protocol (protocol/codes.h).
inline constexpr std::uint16_t kNotFound = 404;
inline constexpr std::uint16_t kConflict = 409;

inline Unexpected<RpcError> not_found(std::string what) {
  return Unexpected<RpcError>(RpcError(kNotFound, std::move(what)));
}
inline Unexpected<RpcError> conflict(std::string what, bool is_temporary = false) {
  return Unexpected<RpcError>(RpcError(kConflict, std::move(what), is_temporary));
}
inline Unexpected<RpcError> not_allowed(std::string why) {
  return Unexpected<RpcError>(RpcError(errors::kPermissionDenied.code, std::move(why)));
}
inline Unexpected<RpcError> bad_request(std::string problem) {
  return Unexpected<RpcError>(RpcError(errors::kBadRequest.code, std::move(problem)));
}
inline Unexpected<RpcError> limit_exceeded(std::string what) {
  return Unexpected<RpcError>(RpcError(errors::kLimitExceeded.code, std::move(what)));
}
// The store did not answer, or kept changing: the client may try again.
inline Unexpected<RpcError> internal_error() {
  return Unexpected<RpcError>(RpcError(errors::kInternal));
}

inline Unexpected<RpcError> no_such_room() { return not_found("no such room"); }
inline Unexpected<RpcError> no_such_user() { return not_found("no such user"); }
inline Unexpected<RpcError> no_such_member() { return not_found("no such member"); }
inline Unexpected<RpcError> blocked_by_them() {
  return not_allowed("they do not want to hear of you");
}
inline Unexpected<RpcError> changed_meanwhile(bool is_temporary = false) {
  return conflict("it was changed at the same time", is_temporary);
}

}  // namespace chirm
