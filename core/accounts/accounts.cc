// SPDX-License-Identifier: MIT
#include "core/accounts/accounts.h"

#include <algorithm>
#include <utility>

#include "core/accounts/secrets.h"
#include "core/accounts/user_name.h"
#include "core/loop/loop.h"
#include "protocol/json_writer.h"

namespace chirm {

namespace {

using Kind = AccountError::Kind;

constexpr std::uint64_t kSweepMs = 86'400'000;
constexpr std::string_view kIssuer = "chirm";
constexpr std::uint32_t kBusyRetryS = 3;  // a full queue has been worked off then

AccountError busy() { return {Kind::kBusy, "Too much is going on; try again soon.", kBusyRetryS}; }
AccountError wrong_password() { return {Kind::kUnauthorized, "The name or password is wrong."}; }
AccountError signed_out() { return {Kind::kUnauthorized, "You are not signed in any more."}; }
AccountError forbidden(std::string message) { return {Kind::kForbidden, std::move(message)}; }

template <class T>
Expected<T, AccountError> failed(AccountError error) {
  return Unexpected<AccountError>(std::move(error));
}

bool is_in_force(const AccountRecord::Ban& ban) {
  return ban.until_s == Revocations::kForGood || ban.until_s > Loop::unix_ms() / 1000;
}

AccountError banned(const AccountRecord::Ban& ban) {
  return forbidden("You are banned" + (ban.reason.empty() ? "." : ": " + ban.reason));
}

}  // namespace

Accounts::Accounts(Loop& loop, DocumentStore& documents, AccountSettings settings)
    : loop_(loop),
      documents_(documents),
      settings_(std::move(settings)),
      key_(loop, documents),
      revocations_(loop, documents),
      sessions_(documents, key_, revocations_, settings_.token_s),
      per_address_(settings_.per_address),
      per_name_(settings_.per_name),
      new_per_address_(settings_.new_per_address),
      sweep_timer_(loop, [this] { sessions_.sweep_guests(); }),
      hasher_(loop, settings_.cost, settings_.hash_queue_max) {
  sessions_.sweep_guests();
  sweep_timer_.start_repeating(kSweepMs);
}

UserRole Accounts::role_of(std::string_view user) const {
  if (is_guest(user)) return UserRole::kGuest;
  return settings_.admins.contains(user) ? UserRole::kAdmin : UserRole::kUser;
}

std::optional<AccountError> Accounts::throttle(Throttle& throttle, std::string_view key) const {
  if (!settings_.is_throttled) return std::nullopt;
  const std::uint64_t wait_ms = throttle.take(key, loop_.now_ms());
  if (wait_ms == 0) return std::nullopt;
  const auto wait_s = static_cast<std::uint32_t>((wait_ms + 999) / 1000);
  return AccountError{Kind::kTooManyRequests, "Too many attempts; try again later.", wait_s};
}

std::optional<AccountError> Accounts::refusal_of_name(const std::string& name) const {
  if (is_account_name(name)) return std::nullopt;
  return AccountError{Kind::kBadRequest, "name: expected " + std::string(kAccountNameRule)};
}

// ---- Registering and guests

void Accounts::register_account(const Applicant& applicant, const std::string& name,
                                const std::string& password, Done<SignedIn> done) {
  if (!settings_.has_registration) {
    return done(failed<SignedIn>(forbidden("New accounts are not taken here.")));
  }
  if (auto wrong = refusal_of_name(name)) return done(failed<SignedIn>(std::move(*wrong)));
  const std::string user = user_of(name);
  if (settings_.admins.contains(user)) {
    return done(failed<SignedIn>(forbidden("This name is the operator's.")));
  }
  const auto too_many = throttle(new_per_address_, throttle_key(applicant.address));
  if (too_many) return done(failed<SignedIn>(*too_many));
  get(user, [=, this, done = std::move(done)](const Expected<Account, AccountError>& account) {
    if (!account) return done(failed<SignedIn>(account.error()));
    if (account->version != 0) {
      return done(failed<SignedIn>({Kind::kNameTaken, "This name is taken."}));
    }
    const bool is_taken_on = hasher_.hash(password, [=, this](const std::string& hash) {
      create(name, hash, [=, this](const Expected<Account, AccountError>& created) {
        if (!created) return done(failed<SignedIn>(created.error()));
        open_session(applicant, name, done);
      });
    });
    if (!is_taken_on) done(failed<SignedIn>(busy()));
  });
}

void Accounts::create(const std::string& name, const std::string& hash, Done<Account> done) {
  if (hash.empty()) return done(failed<Account>(busy()));
  const Account account{name, hash, Loop::unix_ms(), std::nullopt, 0};
  put(user_of(name), account,
      [account,
       done = std::move(done)](const Expected<DocumentStore::PutResult, AccountError>& put) {
        if (!put) return done(failed<Account>(put.error()));
        if (put->is_stored) return done(account);
        // After a store that was away it may be ours: the salt says so.
        const auto there = parse(put->current);
        if (there && there->hash == account.hash) return done(*there);
        done(failed<Account>({Kind::kNameTaken, "This name is taken."}));
      });
}

void Accounts::admit_guest(const Applicant& applicant, const std::string& name,
                           Done<SignedIn> done) {
  if (!settings_.has_guests) {
    return done(failed<SignedIn>(forbidden("Guests are not let in here.")));
  }
  const std::string wish = name.empty() ? "guest" : name;
  if (auto wrong = refusal_of_name(wish)) return done(failed<SignedIn>(std::move(*wrong)));
  const auto too_many = throttle(new_per_address_, throttle_key(applicant.address));
  if (too_many) return done(failed<SignedIn>(*too_many));
  open_session(applicant, make_guest_name(wish), std::move(done));
}

// ---- Sessions

void Accounts::open_session(const Applicant& applicant, const std::string& name,
                            Done<SignedIn> done) {
  if (!is_ready()) return done(failed<SignedIn>(busy()));
  sessions_.open(user_of(name), applicant.agent,
                 [this, name, done = std::move(done)](Expected<RefreshToken, ErrorCode> token) {
                   if (!token) return done(failed<SignedIn>(busy()));
                   done(sign_in(name, *token));
                 });
}

SignedIn Accounts::sign_in(const std::string& name, const RefreshToken& token) const {
  const UserRole role = role_of(token.user);
  JsonWriter claims;
  claims.open();
  claims.add("iss", kIssuer);
  claims.add("sub", token.user);
  claims.add("sid", id_to_text(token.session));
  claims.add("name", name);
  claims.add("role", text_of(role));
  claims.add("exp", Loop::unix_ms() / 1000 + settings_.token_s);
  claims.close();
  return {token.user,
          name,
          role,
          sign_token_hs256(claims.take(), key_.bytes()),
          settings_.token_s,
          token.text,
          SessionBook::lifetime_s(token.user)};
}

std::optional<Expected<TokenClaims, TokenError>> Accounts::verify(std::string_view token) const {
  if (key_.bytes().empty()) return std::nullopt;
  const TokenKeys keys{.hmac_secret = key_.bytes(),
                       .rsa = {},
                       .ecdsa = {},
                       .issuer = std::string(kIssuer),
                       .audience = {}};
  auto claims = verify_connection_token(token, keys, Loop::unix_ms() / 1000);
  if (!claims && claims.error() == TokenError::kInvalid) return std::nullopt;
  return claims;
}

void Accounts::refresh(const std::string& refresh_token, Done<SignedIn> done) {
  if (!is_ready()) return done(failed<SignedIn>(busy()));
  const auto token = sessions_.read(refresh_token);
  if (!token) return done(failed<SignedIn>(signed_out()));
  if (revocations_.is_revoked(token->user, token->session)) {
    return done(failed<SignedIn>(signed_out()));
  }
  const auto rotate = [=, this](const std::string& name) {
    sessions_.rotate(*token, [=, this](const Expected<RefreshToken, ErrorCode>& next) {
      if (next) return done(sign_in(name, *next));
      const bool is_over = next.error() == errors::kUnauthorized;
      done(failed<SignedIn>(is_over ? signed_out() : busy()));
    });
  };
  if (is_guest(token->user)) return rotate(token->user);
  get(token->user, [done, rotate](const Expected<Account, AccountError>& account) {
    if (!account) return done(failed<SignedIn>(account.error()));
    if (account->version == 0) return done(failed<SignedIn>(signed_out()));
    if (account->ban && is_in_force(*account->ban)) {
      return done(failed<SignedIn>(banned(*account->ban)));
    }
    rotate(account->name);
  });
}

void Accounts::log_out(const std::string& refresh_token, bool all, Done<void> done) {
  if (!is_ready()) return done(failed<void>(busy()));
  const auto token = sessions_.read(refresh_token);
  if (!token) return done(failed<void>(signed_out()));
  const auto answer = [done = std::move(done)](const Expected<void, ErrorCode>& closed) {
    if (!closed) return done(failed<void>(busy()));
    done({});
  };
  sessions_.close(token->user, token->session,
                  [=, this, user = token->user](const Expected<void, ErrorCode>& closed) {
                    if (!closed || !all) return answer(closed);
                    sessions_.close_all(user, answer);
                  });
}

// ---- Passwords

void Accounts::check_password(const Applicant& applicant, const std::string& name,
                              const std::string& password, Done<Account> done) {
  const std::string user = user_of(name);
  if (const auto too_many = throttle(per_address_, throttle_key(applicant.address))) {
    return done(failed<Account>(*too_many));
  }
  // Names that none can have are not worth remembering.
  const bool can_be = is_account_name(name);
  const auto too_many = can_be ? throttle(per_name_, user) : std::nullopt;
  if (too_many) return done(failed<Account>(*too_many));
  const auto verify = [=, this, done = std::move(done)](const Account& account) {
    const bool is_taken_on =
        hasher_.verify(password, account.hash, [=, this](const PasswordHasher::Verdict& verdict) {
          on_verdict(user, account, verdict, done);
        });
    if (is_taken_on) return;
    per_name_.give_back(user);
    done(failed<Account>(busy()));
  };
  if (!can_be) return verify({});
  get(user, [verify, done](const Expected<Account, AccountError>& account) {
    account ? verify(*account) : done(failed<Account>(account.error()));
  });
}

void Accounts::on_verdict(const std::string& user, const Account& account,
                          const PasswordHasher::Verdict& verdict, const Done<Account>& done) {
  if (!verdict.is_right) return done(failed<Account>(wrong_password()));
  per_name_.give_back(user);
  if (account.ban && is_in_force(*account.ban)) return done(failed<Account>(banned(*account.ban)));
  if (verdict.better_hash.empty()) return done(account);
  Account better = account;
  better.hash = verdict.better_hash;
  // Should somebody else be faster, the next log-in does it.
  put(user, better, [](const auto&) {});
  done(better);
}

void Accounts::log_in(const Applicant& applicant, const std::string& name,
                      const std::string& password, Done<SignedIn> done) {
  check_password(applicant, name, password,
                 [=, this, done = std::move(done)](const Expected<Account, AccountError>& account) {
                   if (!account) return done(failed<SignedIn>(account.error()));
                   open_session(applicant, account->name, done);
                 });
}

void Accounts::change_password(const Applicant& applicant, const std::string& name,
                               const std::string& password, const std::string& new_password,
                               Done<SignedIn> done) {
  check_password(
      applicant, name, password,
      [=, this, done = std::move(done)](const Expected<Account, AccountError>& account) {
        if (!account) return done(failed<SignedIn>(account.error()));
        const bool is_taken_on = hasher_.hash(new_password, [=, this](const std::string& hash) {
          store_hash(user_of(name), hash, [=, this](const Expected<void, AccountError>& stored) {
            if (!stored) return done(failed<SignedIn>(stored.error()));
            open_session(applicant, account->name, done);
          });
        });
        if (!is_taken_on) done(failed<SignedIn>(busy()));
      });
}

// Then all sessions are of whoever knew the old password.
void Accounts::store_hash(const std::string& user, const std::string& hash, Done<void> done) {
  if (hash.empty()) return done(failed<void>(busy()));
  constexpr int kAttempts = 5;
  update(
      user,
      [hash](Account& account) {
        account.hash = hash;
        return true;
      },
      kAttempts,
      [this, user, done = std::move(done)](const Expected<void, AccountError>& updated) {
        if (!updated) return done(failed<void>(updated.error()));
        sessions_.close_all(user, [done](const Expected<void, ErrorCode>& closed) {
          closed ? done({}) : done(failed<void>(busy()));
        });
      });
}

void Accounts::set_password(const std::string& name, const std::string& password, Done<void> done) {
  if (auto wrong = refusal_of_name(name)) return done(failed<void>(std::move(*wrong)));
  (void)hasher_.hash(password, [=, this, done = std::move(done)](const std::string& hash) {
    create(name, hash, [=, this](const Expected<Account, AccountError>& created) {
      if (created) return done({});
      if (created.error().kind != Kind::kNameTaken) return done(failed<void>(created.error()));
      store_hash(user_of(name), hash, done);
    });
  });
}

}  // namespace chirm
