// SPDX-License-Identifier: MIT
#pragma once
// What people are told when they are not signed in. Private to core/accounts.

#include <cstdint>
#include <string>
#include <utility>

#include "core/accounts/accounts.h"

namespace chirm::account_errors {

using Kind = AccountError::Kind;

inline constexpr std::uint32_t kBusyRetryS = 3;  // a full queue has been worked off then

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
inline AccountError banned(const Revocations::Ban& ban) {
  return forbidden("You are banned" + (ban.reason.empty() ? "." : ": " + ban.reason));
}

template <class T>
Expected<T, AccountError> failed(AccountError error) {
  return Unexpected<AccountError>(std::move(error));
}

}  // namespace chirm::account_errors
