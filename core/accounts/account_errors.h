// SPDX-License-Identifier: MIT
#pragma once
// Why somebody is not signed in, and what they are told then.

#include <cstdint>
#include <functional>
#include <string>
#include <utility>

#include "protocol/expected.h"

namespace chirm {

struct AccountError {
  enum class Kind : std::uint8_t {
    kBadRequest,
    kUnauthorized,
    kForbidden,
    kNameTaken,
    kTooManyRequests,
    kBusy,  // the store is away, or too many passwords wait to be hashed
  };
  Kind kind;
  std::string message;              // a sentence for people
  std::uint32_t retry_after_s = 0;  // of kTooManyRequests and kBusy
};

// What is told how a call ended.
template <class T>
using AccountDone = std::function<void(Expected<T, AccountError>)>;

namespace account_errors {

using Kind = AccountError::Kind;

// By then a full queue of passwords has been worked off (AccountSettings::hash_queue_max).
inline constexpr std::uint32_t kBusyRetryS = 3;

inline AccountError busy() {
  return {Kind::kBusy, "Too much is going on; try again soon.", kBusyRetryS};
}
inline AccountError store_away() {
  return {Kind::kBusy, "The store does not answer; try again soon.", kBusyRetryS};
}
inline AccountError wrong_password() {
  return {Kind::kUnauthorized, "The name or password is wrong."};
}
inline AccountError signed_out() {
  return {Kind::kUnauthorized, "You are not signed in any more."};
}
inline AccountError name_taken() { return {Kind::kNameTaken, "This name is taken."}; }
inline AccountError forbidden(std::string message) {
  return {Kind::kForbidden, std::move(message)};
}
// The reason may be "".
inline AccountError banned(const std::string& reason) {
  return forbidden("You are banned" + (reason.empty() ? "." : ": " + reason));
}
inline AccountError too_many_requests(std::uint64_t wait_ms) {
  return {Kind::kTooManyRequests, "Too many attempts; try again later.",
          static_cast<std::uint32_t>((wait_ms + 999) / 1000)};
}

template <class T>
Expected<T, AccountError> failed(AccountError error) {
  return Unexpected<AccountError>(std::move(error));
}

}  // namespace account_errors
}  // namespace chirm
