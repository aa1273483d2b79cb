// SPDX-License-Identifier: MIT
// Names with passwords: logging in, and new passwords.
#include <utility>

#include "core/accounts/account_errors.h"
#include "core/accounts/accounts.h"
#include "core/accounts/user_name.h"
#include "core/loop/loop.h"

namespace chirm {

using namespace account_errors;

namespace {

constexpr int kAttempts = 5;  // of a put that others are faster with

std::string there(const std::string& user, const std::string& network) {
  return user + ' ' + network;
}

}  // namespace

// ---- Attempts

// From one network a name can be tried so often that a typo does no harm; whoever goes on there
// does not keep its owner out elsewhere.
std::optional<AccountError> Accounts::begin(const Attempt& attempt) {
  if (auto too_many = throttle(per_address_, attempt.network)) return too_many;
  if (attempt.user.empty()) return std::nullopt;
  const std::string pair = there(attempt.user, attempt.network);
  if (auto too_many = throttle(per_name_there_, pair)) return too_many;
  auto too_many = throttle(per_name_, attempt.user);
  if (too_many) per_name_there_.give_back(pair);
  return too_many;
}

// One that could not be looked at does not count, one that was right does for the address only.
void Accounts::give_back(const Attempt& attempt, bool is_right) {
  if (!is_right) per_address_.give_back(attempt.network);
  if (attempt.user.empty()) return;
  per_name_there_.give_back(there(attempt.user, attempt.network));
  per_name_.give_back(attempt.user);
}

template <class T>
Accounts::Done<T> Accounts::counted(Done<T> done) {
  return [this, done = std::move(done)](Expected<T, AccountError> result) {
    const char* how = "ok";
    if (!result) {
      const Kind kind = result.error().kind;
      how = kind == Kind::kBusy ? "busy" : kind == Kind::kTooManyRequests ? "throttled" : "failed";
    }
    ++counters_.log_ins[how];
    done(std::move(result));
  };
}

// ---- Checking

void Accounts::check_password(const Applicant& applicant, const std::string& name,
                              const std::string& password, Done<Account> done) {
  const std::string user = user_of(name);
  const bool can_be = is_account_name(name);
  const Attempt attempt{throttle_key(applicant.address), can_be ? user : ""};
  if (const auto too_many = begin(attempt)) return done(failed<Account>(*too_many));
  const auto verify = [=, this](const Account& account) {
    const bool is_taken_on =
        hasher_.verify(password, account.hash, [=, this](const PasswordHasher::Verdict& verdict) {
          on_verdict(attempt, account, verdict, done);
        });
    if (is_taken_on) return;
    give_back(attempt, false);
    done(failed<Account>(busy()));
  };
  if (!can_be) return verify({});
  get(user, [this, attempt, verify, done](const Expected<Account, AccountError>& account) {
    if (account) return verify(*account);
    give_back(attempt, false);
    done(failed<Account>(account.error()));
  });
}

void Accounts::on_verdict(const Attempt& attempt, const Account& account,
                          const PasswordHasher::Verdict& verdict, const Done<Account>& done) {
  const bool is_known = !verdict.is_unknown && revocations_.is_loaded();
  if (!is_known || verdict.is_right) give_back(attempt, is_known);
  if (!is_known) return done(failed<Account>(busy()));
  if (!verdict.is_right) return done(failed<Account>(wrong_password()));
  if (const auto ban = revocations_.ban_of(attempt.user)) {
    return done(failed<Account>(banned(*ban)));
  }
  if (!verdict.better_hash.empty()) {
    Account better = account;
    better.hash = verdict.better_hash;
    // Should somebody else be faster, the next log-in does it.
    put(attempt.user, better, [](const auto&) {});
  }
  done(account);
}

// ---- What a password is for

void Accounts::log_in(const Applicant& applicant, const std::string& name,
                      const std::string& password, Done<SignedIn> done) {
  check_password(
      applicant, name, password,
      [=, this, done = counted(std::move(done))](const Expected<Account, AccountError>& account) {
        if (!account) return done(failed<SignedIn>(account.error()));
        open_checked(applicant, *account, done);
      });
}

// Whoever changes the password ends all sessions that there are then: so either that one is ended,
// or the change is seen here.
void Accounts::open_checked(const Applicant& applicant, const Account& account,
                            Done<SignedIn> done) {
  const std::string user = user_of(account.name);
  open_session(applicant, account,
               [=, this, done = std::move(done)](const Expected<SignedIn, AccountError>& opened) {
                 if (!opened) return done(opened);
                 get(user, [=, this, opened = *opened](const Expected<Account, AccountError>& now) {
                   if (now && now->changes == account.changes) return done(opened);
                   const auto token = sessions_.read(opened.refresh_token);
                   const AccountError why = now ? wrong_password() : now.error();
                   if (!token) return done(failed<SignedIn>(why));
                   sessions_.close(user, token->session,
                                   [done, why](const auto&) { done(failed<SignedIn>(why)); });
                 });
               });
}

void Accounts::change_password(const Applicant& applicant, const std::string& name,
                               const std::string& password, const std::string& new_password,
                               Done<SignedIn> done) {
  check_password(
      applicant, name, password,
      [=, this, done = counted(std::move(done))](const Expected<Account, AccountError>& account) {
        if (!account) return done(failed<SignedIn>(account.error()));
        const bool is_taken_on = hasher_.hash(new_password, [=, this](const std::string& hash) {
          if (hash.empty()) return done(failed<SignedIn>(busy()));
          Account changed = *account;
          changed.hash = hash;
          ++changed.changes;
          const auto change = [changed](Account& now) -> std::optional<AccountError> {
            // Another change was faster: the password that was right is not any more.
            if (now.changes + 1 != changed.changes) return wrong_password();
            now.hash = changed.hash;
            now.changes = changed.changes;
            return std::nullopt;
          };
          store_hash(user_of(name), change, [=, this](const Expected<void, AccountError>& stored) {
            if (!stored) return done(failed<SignedIn>(stored.error()));
            open_checked(applicant, changed, done);
          });
        });
        if (!is_taken_on) done(failed<SignedIn>(busy()));
      });
}

// Then all sessions are of whoever knew the old password.
void Accounts::store_hash(const std::string& user, Change change, Done<void> done) {
  update(user, std::move(change), kAttempts,
         [this, user, done = std::move(done)](const Expected<void, AccountError>& updated) {
           if (!updated) return done(updated);
           sessions_.close_all(user, [done](const Expected<void, ErrorCode>& closed) {
             closed ? done({}) : done(failed<void>(busy()));
           });
         });
}

void Accounts::set_password(const std::string& name, const std::string& password, Done<void> done) {
  if (auto wrong = refusal_of_name(name)) return done(failed<void>(std::move(*wrong)));
  (void)hasher_.hash(password, [=, this, done = std::move(done)](const std::string& hash) {
    create({.name = name, .hash = hash, .is_operators = true},
           [=, this](const Expected<Account, AccountError>& created) {
             if (created) return done({});
             if (created.error().kind != Kind::kNameTaken) {
               return done(failed<void>(created.error()));
             }
             const auto change = [hash](Account& account) {
               account.hash = hash;
               ++account.changes;
               account.is_operators = true;
               return std::optional<AccountError>();
             };
             store_hash(user_of(name), change, done);
           });
  });
}

}  // namespace chirm
