// SPDX-License-Identifier: MIT
#pragma once
// Accounts, guests and their sessions: docs/protocol.md, "Names" and "Signing in". Passwords are
// hashed on a thread of their own; any node can check a session's token without asking the store.
// All calls are on the loop's thread, and no call calls back before it has returned, unless it
// says so. No password or token is ever logged.

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "core/accounts/account_counters.h"
#include "core/accounts/account_documents.h"
#include "core/accounts/account_errors.h"
#include "core/accounts/account_roles.h"
#include "core/accounts/account_settings.h"
#include "core/accounts/cluster_key.h"
#include "core/accounts/device_tokens.h"
#include "core/accounts/guest_sweep.h"
#include "core/accounts/name_claims.h"
#include "core/accounts/password_check.h"
#include "core/accounts/revocations.h"
#include "core/accounts/session_book.h"
#include "core/accounts/throttle.h"
#include "core/accounts/user_role.h"
#include "core/base/guard.h"
#include "protocol/expected.h"
#include "protocol/jwt.h"

namespace chirm {

// A session, as it is told to its client.
struct SignedIn {
  std::string user;
  std::string name;
  UserRole role = UserRole::kUser;
  std::string token;
  std::uint32_t token_s = 0;  // how long the token lasts
  std::string refresh_token;
  std::uint32_t refresh_s = 0;  // how long the refresh token lasts
  // Proves to a later log-in that the user has signed in on this device (DeviceTokens); "" for
  // guests.
  std::string device;
  std::uint32_t device_s = 0;
};

// Who asks.
struct Applicant {
  std::string address;  // numeric
  std::string agent;    // User-Agent, or ""
  // What the device kept of somebody's signing in before: tokens, or ""; they may be anybody's, or
  // nonsense.
  std::string device = {};
  std::string refresh_token = {};
};

// An account, for operators.
struct AccountRecord {
  std::string user;
  std::string name;
  UserRole role = UserRole::kUser;
  std::int64_t created_ms = 0;  // unix milliseconds
};

class Accounts {
 public:
  template <class T>
  using Done = AccountDone<T>;

  static constexpr std::uint64_t kPasswordMin = 8;  // characters
  static constexpr std::uint64_t kPasswordMax = 128;

  // All must outlive the accounts. `forget`: see GuestSweep.
  Accounts(Loop& loop, DocumentStore& documents, Revocations& revocations, AccountSettings settings,
           GuestSweep::Forget forget = {});

  const AccountSettings& settings() const { return settings_; }
  // Whether tokens can be checked: the key and what was revoked are known.
  bool is_ready() const { return !key_.bytes().empty() && revocations_.is_loaded(); }

  // `done` may be called before any of these return.

  void register_account(const Applicant& applicant, const std::string& name,
                        const std::string& password, Done<SignedIn> done);
  void log_in(const Applicant& applicant, const std::string& name, const std::string& password,
              Done<SignedIn> done);
  // If `name` is "" or reserved (name_rules.h), the guest is called "guest".
  void admit_guest(const Applicant& applicant, const std::string& name, Done<SignedIn> done);
  void refresh(const std::string& refresh_token, Done<SignedIn> done);
  // Whose token it is; "": this cluster has not made it.
  std::string user_of_token(const std::string& refresh_token) const;
  // Ends the token's session, or all of its user's. A token that could not be refreshed any more
  // ends nothing, except when it is a copy (session_book.h): that ends its session.
  void log_out(const std::string& refresh_token, bool all, Done<void> done);
  // Also ends all sessions that there are.
  void change_password(const Applicant& applicant, const std::string& name,
                       const std::string& password, const std::string& new_password,
                       Done<SignedIn> done);
  // For the operator: makes the account if there is none, and ends all of its sessions. Only
  // accounts whose password was set so are administrators, if settings().admins names them.
  void set_password(const std::string& name, const std::string& password, Done<void> done);

  // The claims of a token that this cluster has signed. nullopt: it did not sign that one.
  std::optional<Expected<TokenClaims, TokenError>> verify(std::string_view token) const;

  // Whether the user that an outside token names could be taken for an account's. Those are in
  // lower case: so for any other spelling of a name that somebody may register, or an administrator
  // has.
  bool looks_like_account(std::string_view user) const;

  // For operators.
  void find(std::string_view user, Done<std::optional<AccountRecord>> done);

  SessionBook& sessions() { return sessions_; }
  GuestSweep& guest_sweep() { return guest_sweep_; }
  AccountCounters counters() const;

 private:
  std::optional<AccountError> refusal_of_name(const std::string& name) const;
  void create_claimed(const Applicant& applicant, const Account& account, Done<SignedIn> done);
  std::optional<AccountError> throttle_new(const Applicant& applicant);
  PasswordCheck::Origin origin_of(const Applicant& applicant, const std::string& name) const;
  void refuse_known(const std::string& user, Done<void> done);
  void create(Account account, Done<Account> done);
  void store_hash(const std::string& user, AccountDocuments::Change change, Done<void> done);
  void open_session(const Applicant& applicant, const Account& account, Done<SignedIn> done);
  void open_checked(const Applicant& applicant, const Account& account, Done<SignedIn> done);
  // Why a token of this cluster's may not be used now; nullopt: it may, and is counted.
  std::optional<AccountError> refusal_of(const RefreshToken& token);
  SignedIn sign_in(const std::string& name, UserRole role, const RefreshToken& token) const;
  // Counts how a log-in ends.
  template <class T>
  Done<T> counted(Done<T> done);

  Loop& loop_;
  DocumentStore& documents_;
  const AccountSettings settings_;
  ClusterKey key_;
  Revocations& revocations_;
  AccountDocuments accounts_;
  NameClaims claims_;
  AccountRoles roles_;
  SessionBook sessions_;
  DeviceTokens devices_;
  AccountCounters counters_;
  Throttle per_session_;
  Throttle new_per_address_;
  GuestSweep guest_sweep_;
  Guard guard_;
  PasswordCheck passwords_;  // the first to go: it calls into all of the above
};

}  // namespace chirm
