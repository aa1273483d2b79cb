// SPDX-License-Identifier: MIT
#include "core/accounts/accounts.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <utility>

#include "core/accounts/account_errors.h"
#include "core/accounts/secrets.h"
#include "core/accounts/user_name.h"
#include "core/loop/loop.h"
#include "protocol/json_writer.h"

namespace chirm {

using namespace account_errors;

namespace {

constexpr std::string_view kIssuer = "chirm";

}  // namespace

Accounts::Accounts(Loop& loop, DocumentStore& documents, Revocations& revocations,
                   AccountSettings settings, GuestSweep::Forget forget)
    : loop_(loop),
      documents_(documents),
      settings_(std::move(settings)),
      key_(loop, documents),
      revocations_(revocations),
      sessions_(documents, key_, revocations_, settings_.token_s),
      per_address_(settings_.per_address),
      per_name_there_(settings_.per_name_there),
      per_name_(settings_.per_name),
      per_session_(settings_.per_session),
      new_per_address_(settings_.new_per_address),
      guest_sweep_(loop, documents, std::move(forget)),
      hasher_(loop, settings_.cost, settings_.hash_queue_max) {
  look_at_admins();
}

// ---- Roles

// Somebody may have registered the name before the operator thought of it.
UserRole Accounts::role_of(std::string_view user, const Account& account) {
  if (is_guest(user)) return UserRole::kGuest;
  if (!settings_.admins.contains(user)) return UserRole::kUser;
  if (account.is_operators) return UserRole::kAdmin;
  if (warned_of_.emplace(user).second) {
    spdlog::error(
        "{} is no administrator, for whoever registered the name has the password; if the account "
        "is to be one, set its password with chirmd --set-password {}",
        user, user);
  }
  return UserRole::kUser;
}

// So that the log says at once who is none.
void Accounts::look_at_admins() {
  for (const std::string& user : settings_.admins) {
    get(user, [this, user](const Expected<Account, AccountError>& account) {
      if (account && account->version != 0) (void)role_of(user, *account);
    });
  }
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
  refuse_known(user, [=, this, done = std::move(done)](const Expected<void, AccountError>& known) {
    if (!known) return done(failed<SignedIn>(known.error()));
    const bool is_taken_on = hasher_.hash(password, [=, this](const std::string& hash) {
      create({.name = name, .hash = hash},
             [=, this](const Expected<Account, AccountError>& created) {
               if (!created) return done(failed<SignedIn>(created.error()));
               open_session(applicant, *created, done);
             });
    });
    if (!is_taken_on) done(failed<SignedIn>(busy()));
  });
}

// Whoever has signed in with a token of the operator's own system has that name.
void Accounts::refuse_known(const std::string& user, Done<void> done) {
  get(user, [=, this, done = std::move(done)](const Expected<Account, AccountError>& account) {
    if (!account) return done(failed<void>(account.error()));
    if (account->version != 0) return done(failed<void>(name_taken()));
    documents_.get(kPersonCollection, user,
                   guard_([done](const Expected<Document, ErrorCode>& person) {
                     if (!person) return done(failed<void>(busy()));
                     if (person->version != 0) return done(failed<void>(name_taken()));
                     done({});
                   }));
  });
}

void Accounts::create(Account account, Done<Account> done) {
  if (account.hash.empty()) return done(failed<Account>(busy()));
  account.created_ms = Loop::unix_ms();
  put(user_of(account.name), account,
      [account,
       done = std::move(done)](const Expected<DocumentStore::PutResult, AccountError>& put) {
        if (!put) return done(failed<Account>(put.error()));
        if (put->is_stored) return done(account);
        // After a store that was away it may be ours: the salt says so.
        const auto there = parse(put->current);
        if (there && there->hash == account.hash) return done(*there);
        done(failed<Account>(name_taken()));
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
  open_session(applicant, {.name = make_guest_name(wish)}, std::move(done));
}

// ---- Sessions

void Accounts::open_session(const Applicant& applicant, const Account& account,
                            Done<SignedIn> done) {
  if (!is_ready()) return done(failed<SignedIn>(busy()));
  const std::string user = user_of(account.name);
  sessions_.open(user, applicant.agent,
                 [this, name = account.name, role = role_of(user, account),
                  done = std::move(done)](Expected<RefreshToken, ErrorCode> token) {
                   if (!token) return done(failed<SignedIn>(busy()));
                   done(sign_in(name, role, *token));
                 });
}

SignedIn Accounts::sign_in(const std::string& name, UserRole role,
                           const RefreshToken& token) const {
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
  if (const auto ban = revocations_.ban_of(token->user)) {
    return done(failed<SignedIn>(banned(*ban)));
  }
  if (const auto too_many = throttle(per_session_, id_to_text(token->session))) {
    return done(failed<SignedIn>(*too_many));
  }
  if (revocations_.is_revoked(token->user, token->session)) {
    return done(failed<SignedIn>(signed_out()));
  }
  const auto rotate = [=, this](const std::string& name, UserRole role) {
    sessions_.rotate(*token, [=, this](const Expected<RefreshToken, ErrorCode>& next) {
      if (next) return done(sign_in(name, role, *next));
      const bool is_over = next.error() == errors::kUnauthorized;
      done(failed<SignedIn>(is_over ? signed_out() : busy()));
    });
  };
  if (is_guest(token->user)) return rotate(token->user, UserRole::kGuest);
  get(token->user, [=, this, user = token->user](const Expected<Account, AccountError>& account) {
    if (!account) return done(failed<SignedIn>(account.error()));
    if (account->version == 0) return done(failed<SignedIn>(signed_out()));
    rotate(account->name, role_of(user, *account));
  });
}

void Accounts::log_out(const std::string& refresh_token, bool all, Done<void> done) {
  if (!is_ready()) return done(failed<void>(busy()));
  const auto token = sessions_.read(refresh_token);
  if (!token) return done(failed<void>(signed_out()));
  if (const auto too_many = throttle(per_session_, id_to_text(token->session))) {
    return done(failed<void>(*too_many));
  }
  if (revocations_.is_revoked(token->user, token->session)) {
    return done(failed<void>(signed_out()));
  }
  sessions_.log_out(*token, all, [done = std::move(done)](const Expected<void, ErrorCode>& closed) {
    if (closed) return done({});
    const bool is_over = closed.error() == errors::kUnauthorized;
    done(failed<void>(is_over ? signed_out() : busy()));
  });
}

bool Accounts::looks_like_account(std::string_view user) const {
  const std::string its_name = user_of(user);
  return its_name != user && (settings_.has_registration || settings_.admins.contains(its_name));
}

AccountCounters Accounts::counters() const {
  AccountCounters now = counters_;
  now.hash_queue = hasher_.queued();
  sessions_.count(now);
  return now;
}

}  // namespace chirm
