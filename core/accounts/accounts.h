// SPDX-License-Identifier: MIT
#pragma once
// Accounts, guests and their sessions: docs/protocol.md, "Names" and "Signing in". Passwords are
// hashed on a thread of their own; any node can check a session's token without asking the store.
// All calls are on the loop's thread, and no call calls back before it has returned, unless it
// says so. No password or token is ever logged.

#include <cstdint>
#include <functional>
#include <optional>
#include <set>
#include <string>
#include <string_view>

#include "core/accounts/account_counters.h"
#include "core/accounts/account_settings.h"
#include "core/accounts/cluster_key.h"
#include "core/accounts/guest_sweep.h"
#include "core/accounts/password_hasher.h"
#include "core/accounts/revocations.h"
#include "core/accounts/session_book.h"
#include "core/accounts/throttle.h"
#include "core/accounts/user_role.h"
#include "core/base/guard.h"
#include "protocol/expected.h"
#include "protocol/jwt.h"

namespace chirm {

// Why somebody is not signed in.
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
  std::uint32_t retry_after_s = 0;  // with the last two
};

// A session, as it is told to its client.
struct SignedIn {
  std::string user;
  std::string name;
  UserRole role = UserRole::kUser;
  std::string token;
  std::uint32_t token_s = 0;  // it lasts
  std::string refresh_token;
  std::uint32_t refresh_s = 0;
};

// Who asks.
struct Applicant {
  std::string address;  // numeric
  std::string agent;    // User-Agent, or ""
};

// An account, for operators.
struct AccountRecord {
  std::string user;
  std::string name;
  UserRole role = UserRole::kUser;
  std::int64_t created_ms = 0;
};

// The collection with a document of each user who has signed in, however (core/rooms keeps it).
inline constexpr std::string_view kPersonCollection = "person";

class Accounts {
 public:
  template <class T>
  using Done = std::function<void(Expected<T, AccountError>)>;

  static constexpr std::uint64_t kPasswordMin = 8;  // characters
  static constexpr std::uint64_t kPasswordMax = 128;

  // All must outlive the accounts. `forget`: see GuestSweep.
  Accounts(Loop& loop, DocumentStore& documents, Revocations& revocations, AccountSettings settings,
           GuestSweep::Forget forget = {});

  const AccountSettings& settings() const { return settings_; }
  // Whether tokens can be checked: the key and what was revoked are known.
  bool is_ready() const { return !key_.bytes().empty() && revocations_.is_loaded(); }

  // `done` may be called before these return.
  void register_account(const Applicant& applicant, const std::string& name,
                        const std::string& password, Done<SignedIn> done);
  void log_in(const Applicant& applicant, const std::string& name, const std::string& password,
              Done<SignedIn> done);
  // An empty name is one of our choice.
  void admit_guest(const Applicant& applicant, const std::string& name, Done<SignedIn> done);
  void refresh(const std::string& refresh_token, Done<SignedIn> done);
  // Only a token that could be refreshed ends anything, but for a copy: that ends its session.
  void log_out(const std::string& refresh_token, bool all, Done<void> done);
  void change_password(const Applicant& applicant, const std::string& name,
                       const std::string& password, const std::string& new_password,
                       Done<SignedIn> done);
  // The operator's: makes the account where there is none, and ends all sessions. Only accounts
  // whose password was set so are administrators where settings().admins has them.
  void set_password(const std::string& name, const std::string& password, Done<void> done);

  // The claims of a token that this cluster has signed. nullopt: it did not sign that one.
  std::optional<Expected<TokenClaims, TokenError>> verify(std::string_view token) const;

  // Whether the user of an outside token would look like an account's, which are in lower case: one
  // that somebody may register, or an administrator's.
  bool looks_like_account(std::string_view user) const;

  // For operators
  void find(std::string_view user, Done<std::optional<AccountRecord>> done);

  SessionBook& sessions() { return sessions_; }
  GuestSweep& guest_sweep() { return guest_sweep_; }
  AccountCounters counters() const;

 private:
  struct Account {  // its document
    std::string name = {};
    std::string hash = {};
    std::int64_t created_ms = 0;
    std::uint64_t changes = 0;  // of the password
    bool is_operators = false;  // its password was set by set_password()
    std::uint64_t version = 0;  // 0: there is none
  };
  static std::optional<Account> parse(const Document& document);
  static std::string to_json(const Account& account);
  // What a log-in is throttled by.
  struct Attempt {
    std::string network;
    std::string user;  // "": none can have that name, and nothing is remembered of it
  };

  void get(std::string_view user, Done<Account> done);
  void put(std::string_view user, const Account& account, Done<DocumentStore::PutResult> done);
  // Changes an account as it is then; an error from `change`: leaves it.
  using Change = std::function<std::optional<AccountError>(Account&)>;
  void update(std::string_view user, Change change, int attempts, Done<void> done);
  // The account when the password is right; throttled.
  void check_password(const Applicant& applicant, const std::string& name,
                      const std::string& password, Done<Account> done);
  std::optional<AccountError> begin(const Attempt& attempt);
  void give_back(const Attempt& attempt, bool is_right);
  void on_verdict(const Attempt& attempt, const Account& account,
                  const PasswordHasher::Verdict& verdict, const Done<Account>& done);
  void create(Account account, Done<Account> done);
  void store_hash(const std::string& user, Change change, Done<void> done);
  void refuse_known(const std::string& user, Done<void> done);
  void open_session(const Applicant& applicant, const Account& account, Done<SignedIn> done);
  // … unless the password has been changed meanwhile.
  void open_checked(const Applicant& applicant, const Account& account, Done<SignedIn> done);
  SignedIn sign_in(const std::string& name, UserRole role, const RefreshToken& token) const;
  UserRole role_of(std::string_view user, const Account& account);
  void look_at_admins();
  std::optional<AccountError> refusal_of_name(const std::string& name) const;
  std::optional<AccountError> throttle(Throttle& throttle, std::string_view key) const;
  // Counts how a log-in ends.
  template <class T>
  Done<T> counted(Done<T> done);

  Loop& loop_;
  DocumentStore& documents_;
  const AccountSettings settings_;
  ClusterKey key_;
  Revocations& revocations_;
  SessionBook sessions_;
  AccountCounters counters_;
  Throttle per_address_;
  Throttle per_name_there_;
  Throttle per_name_;
  Throttle per_session_;
  Throttle new_per_address_;
  std::set<std::string, std::less<>> warned_of_;  // settings().admins that are none
  GuestSweep guest_sweep_;
  Guard guard_;
  PasswordHasher hasher_;  // the first to go: it calls into all of the above
};

}  // namespace chirm
