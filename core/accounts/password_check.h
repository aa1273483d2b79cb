// SPDX-License-Identifier: MIT
#pragma once
// Whether a password is that of an account, asked no more often than guessing allows. On the loop's
// thread. Private to core/accounts.

#include <optional>
#include <string>

#include "core/accounts/account_documents.h"
#include "core/accounts/account_settings.h"
#include "core/accounts/password_hasher.h"
#include "core/accounts/revocations.h"
#include "core/accounts/throttle.h"

namespace chirm {

class PasswordCheck {
 public:
  template <class T>
  using Done = AccountDone<T>;

  // All must outlive the check.
  PasswordCheck(Loop& loop, AccountDocuments& accounts, const Revocations& revocations,
                const AccountSettings& settings);

  // Where an attempt comes from.
  struct Origin {
    std::string address;
    // Of the device, if it has proved that the name's owner has signed in there before; else "".
    std::string device;
  };
  // The account, if the password is its own and it is not banned. May call back before it returns.
  void check(const Origin& origin, const std::string& name, const std::string& password,
             Done<Account> done);

  PasswordHasher& hasher() { return hasher_; }
  const PasswordHasher& hasher() const { return hasher_; }

 private:
  // What an attempt is counted by.
  struct Attempt {
    std::string network;
    std::string user;    // "": no account can have that name, and nothing is remembered of it
    std::string device;  // "": not known to be its owner's
  };

  std::optional<AccountError> begin(const Attempt& attempt);
  std::optional<AccountError> begin_on_device(const Attempt& attempt);
  void give_back(const Attempt& attempt, bool is_right);
  void on_verdict(const Attempt& attempt, const Account& account,
                  const PasswordHasher::Verdict& verdict, const Done<Account>& done);

  Loop& loop_;
  AccountDocuments& accounts_;
  const Revocations& revocations_;
  Throttle per_address_;          // all attempts
  Throttle per_name_there_;       // those that failed for a name, from one network
  Throttle per_name_;             // those that failed for a name, from everywhere
  Throttle per_device_;           // those that failed for a name, from one of its devices
  Throttle per_name_on_devices_;  // ... from all of its devices
  PasswordHasher hasher_;         // the first to go: it calls into all of the above
};

}  // namespace chirm
