// SPDX-License-Identifier: MIT
#include "core/accounts/accounts.h"

#include <utility>

#include "core/accounts/name_rules.h"
#include "core/accounts/secrets.h"
#include "core/accounts/user_name.h"
#include "core/base/check.h"
#include "core/loop/loop.h"
#include "protocol/json_writer.h"

namespace chirm {

using namespace account_errors;

namespace {

constexpr std::string_view kIssuer = "chirm";

AccountSettings with_throttles(AccountSettings settings) {
  if (settings.is_throttled) return settings;
  settings.per_address = settings.per_name_there = settings.per_name = settings.per_session =
      settings.new_per_address = settings.per_device = settings.per_name_on_devices =
          Throttle::kOff;
  return settings;
}

AccountError reserved_name() { return forbidden("This name is reserved."); }
AccountError easy_password() {
  return {Kind::kBadRequest,
          "password: expected one that is not easily guessed; this is a well-known one, or has the "
          "name in it"};
}

// How the store answers that a session does not go on.
AccountError error_of(const ErrorCode& error) {
  return error == errors::kUnauthorized ? signed_out() : busy();
}

}  // namespace

Accounts::Accounts(Loop& loop, DocumentStore& documents, Revocations& revocations,
                   AccountSettings settings, GuestSweep::Forget forget)
    : loop_(loop),
      documents_(documents),
      settings_(with_throttles(std::move(settings))),
      key_(loop, documents),
      revocations_(revocations),
      accounts_(documents),
      claims_(loop, documents, accounts_),
      roles_(accounts_, settings_.admins),
      sessions_(loop, documents, key_, revocations_, settings_.token_s),
      devices_(loop, key_),
      per_session_(settings_.per_session),
      new_per_address_(settings_.new_per_address),
      guest_sweep_(loop, documents, std::move(forget)),
      passwords_(loop, accounts_, revocations_, settings_) {}

std::optional<AccountError> Accounts::refusal_of_name(const std::string& name) const {
  if (is_account_name(name)) return std::nullopt;
  return AccountError{Kind::kBadRequest, "name: expected " + std::string(kAccountNameRule)};
}

std::optional<AccountError> Accounts::throttle_new(const Applicant& applicant) {
  const auto wait_ms = new_per_address_.take(throttle_key(applicant.address), loop_.now_ms());
  return wait_ms == 0 ? std::nullopt : std::optional(too_many_requests(wait_ms));
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

// ---- Registering and guests

// What costs nothing is asked first, and the password hashed last: it takes 25 ms of the one thread
// that all log-ins share.
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
  if (is_reserved(name)) return done(failed<SignedIn>(reserved_name()));
  if (is_easily_guessed(password, name)) return done(failed<SignedIn>(easy_password()));
  if (const auto too_many = throttle_new(applicant)) return done(failed<SignedIn>(*too_many));
  refuse_known(user, [=, this, done = std::move(done)](const Expected<void, AccountError>& known) {
    if (!known) return done(failed<SignedIn>(known.error()));
    const bool is_taken_on = passwords_.hasher().hash(password, [=, this](const std::string& hash) {
      create_claimed(applicant, {.name = name, .hash = hash}, done);
    });
    if (!is_taken_on) done(failed<SignedIn>(busy()));
  });
}

void Accounts::create_claimed(const Applicant& applicant, const Account& account,
                              Done<SignedIn> done) {
  claims_.claim(account.name,
                [=, this, done = std::move(done)](const Expected<void, AccountError>& claimed) {
                  if (!claimed) return done(failed<SignedIn>(claimed.error()));
                  create(account, [=, this](const Expected<Account, AccountError>& created) {
                    if (!created) return done(failed<SignedIn>(created.error()));
                    open_session(applicant, *created, done);
                  });
                });
}

// A name is taken by an account, or by whoever has signed in under it with a token of the
// operator's own system. create() makes sure of the former once more; the latter can come in
// between, and then both have the name: an operator who has both lets one system give the names.
void Accounts::refuse_known(const std::string& user, Done<void> done) {
  accounts_.get(user,
                [=, this, done = std::move(done)](const Expected<Account, AccountError>& account) {
                  if (!account) return done(failed<void>(account.error()));
                  if (account->version != 0) return done(failed<void>(name_taken()));
                  documents_.get(kPersonCollection, user,
                                 guard_([done](const Expected<Document, ErrorCode>& person) {
                                   if (!person) return done(failed<void>(busy()));
                                   if (person->version != 0)
                                     return done(failed<void>(name_taken()));
                                   done({});
                                 }));
                });
}

// A put that failed may have been done, and the store repeats it by itself when its link is back:
// an account that is in the way may be this one. Its salt says so, which nobody else has drawn.
void Accounts::create(Account account, Done<Account> done) {
  if (account.hash.empty()) return done(failed<Account>(busy()));
  CHIRM_CHECK(account.version == 0, account.name);
  account.created_ms = loop_.unix_ms();
  accounts_.put(
      user_of(account.name), account,
      [account, done = std::move(done)](const Expected<AccountDocuments::Put, AccountError>& put) {
        if (!put) return done(failed<Account>(put.error()));
        if (put->is_stored) return done(account);
        const auto& there = put->current;
        if (there && there->hash == account.hash) return done(*there);
        done(failed<Account>(name_taken()));
      });
}

void Accounts::admit_guest(const Applicant& applicant, const std::string& name,
                           Done<SignedIn> done) {
  if (!settings_.has_guests) {
    return done(failed<SignedIn>(forbidden("Guests are not let in here.")));
  }
  std::string wish = name.empty() ? "guest" : name;
  if (auto wrong = refusal_of_name(wish)) return done(failed<SignedIn>(std::move(*wrong)));
  // Who wishes nothing in particular, a terminal of the user "root" for instance, comes in.
  if (is_reserved(wish)) wish = "guest";
  if (const auto too_many = throttle_new(applicant)) return done(failed<SignedIn>(*too_many));
  open_session(applicant, {.name = make_guest_name(wish)}, std::move(done));
}

// ---- Passwords

// A refresh token proves it, too, whatever has become of its session: only who has signed in has
// had one. Its device is the session.
PasswordCheck::Origin Accounts::origin_of(const Applicant& applicant,
                                          const std::string& name) const {
  const std::string user = user_of(name);
  if (auto device = devices_.read(applicant.device, user)) return {applicant.address, *device};
  const auto token = sessions_.read(applicant.refresh_token);
  if (!token || token->user != user) return {applicant.address, {}};
  return {applicant.address, id_to_text(token->session)};
}

void Accounts::log_in(const Applicant& applicant, const std::string& name,
                      const std::string& password, Done<SignedIn> done) {
  passwords_.check(
      origin_of(applicant, name), name, password,
      [=, this, done = counted(std::move(done))](const Expected<Account, AccountError>& account) {
        if (!account) return done(failed<SignedIn>(account.error()));
        claims_.note(account->name);
        open_checked(applicant, *account, done);
      });
}

// Opens a session, unless the password has been changed since it was looked at. Whoever changes it
// writes the new one and then ends all sessions there are. So of a session that is opened
// meanwhile, either the other one sees it and ends it, or the change is seen here, where the
// account is read once more after the session is there.
void Accounts::open_checked(const Applicant& applicant, const Account& account,
                            Done<SignedIn> done) {
  const std::string user = user_of(account.name);
  open_session(applicant, account,
               [=, this, done = std::move(done)](const Expected<SignedIn, AccountError>& opened) {
                 if (!opened) return done(opened);
                 accounts_.get(
                     user, [=, this, opened = *opened](const Expected<Account, AccountError>& now) {
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
  if (is_easily_guessed(new_password, name)) return done(failed<SignedIn>(easy_password()));
  const auto store = [=, this](const Account& account, const std::string& hash,
                               const Done<SignedIn>& stored_done) {
    if (hash.empty()) return stored_done(failed<SignedIn>(busy()));
    Account changed = account;
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
      if (!stored) return stored_done(failed<SignedIn>(stored.error()));
      open_checked(applicant, changed, stored_done);
    });
  };
  passwords_.check(
      origin_of(applicant, name), name, password,
      [=, this, done = counted(std::move(done))](const Expected<Account, AccountError>& account) {
        if (!account) return done(failed<SignedIn>(account.error()));
        const bool is_taken_on = passwords_.hasher().hash(
            new_password,
            [=, account = *account](const std::string& hash) { store(account, hash, done); });
        if (!is_taken_on) done(failed<SignedIn>(busy()));
      });
}

// The sessions are ended after the password is changed: those that there are then were opened by
// whoever knew the old one.
void Accounts::store_hash(const std::string& user, AccountDocuments::Change change,
                          Done<void> done) {
  accounts_.update(
      user, std::move(change),
      [this, user, done = std::move(done)](const Expected<void, AccountError>& updated) {
        if (!updated) return done(updated);
        sessions_.close_all(user, [done](const Expected<void, ErrorCode>& closed) {
          closed ? done({}) : done(failed<void>(busy()));
        });
      });
}

// The queue of passwords is new and empty when the operator's command gets here, so it takes this
// one. Creating comes before changing: the other way round an account could appear in between.
void Accounts::set_password(const std::string& name, const std::string& password, Done<void> done) {
  if (auto wrong = refusal_of_name(name)) return done(failed<void>(std::move(*wrong)));
  (void)passwords_.hasher().hash(
      password, [=, this, done = std::move(done)](const std::string& hash) {
        create({.name = name, .hash = hash, .is_operators = true},
               [=, this](const Expected<Account, AccountError>& created) {
                 claims_.note(name);
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

// ---- Sessions

void Accounts::open_session(const Applicant& applicant, const Account& account,
                            Done<SignedIn> done) {
  if (!is_ready()) return done(failed<SignedIn>(busy()));
  const std::string user = user_of(account.name);
  sessions_.open(user, applicant.agent,
                 [this, name = account.name, role = roles_.role_of(user, account),
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
  claims.add("exp", loop_.unix_ms() / 1000 + settings_.token_s);
  claims.close();
  return {token.user,
          name,
          role,
          sign_token_hs256(claims.take(), key_.bytes()),
          settings_.token_s,
          token.text,
          SessionBook::lifetime_s(token.user),
          is_guest(token.user) ? std::string() : devices_.make(token.user),
          DeviceTokens::kLifetimeS};
}

// An invalid token may be one of the operator's own system, which others check with their keys.
std::optional<Expected<TokenClaims, TokenError>> Accounts::verify(std::string_view token) const {
  if (key_.bytes().empty()) return std::nullopt;
  const TokenKeys keys{.hmac_secret = key_.bytes(),
                       .rsa = {},
                       .ecdsa = {},
                       .issuer = std::string(kIssuer),
                       .audience = {}};
  auto claims = verify_connection_token(token, keys, loop_.unix_ms() / 1000);
  if (!claims && claims.error() == TokenError::kInvalid) return std::nullopt;
  return claims;
}

// Counted by session, not by address: behind one address there may be many people whose clients all
// refresh on their own, and nobody can guess a token.
std::optional<AccountError> Accounts::refusal_of(const RefreshToken& token) {
  const auto wait_ms = per_session_.take(id_to_text(token.session), loop_.now_ms());
  if (wait_ms != 0) return too_many_requests(wait_ms);
  if (revocations_.is_revoked(token.user, token.session)) return signed_out();
  return std::nullopt;
}

void Accounts::refresh(const std::string& refresh_token, Done<SignedIn> done) {
  if (!is_ready()) return done(failed<SignedIn>(busy()));
  const auto token = sessions_.read(refresh_token);
  if (!token) return done(failed<SignedIn>(signed_out()));
  // A ban also counts as revoked. It is told first, with its reason.
  if (const auto ban = revocations_.ban_of(token->user)) {
    return done(failed<SignedIn>(banned(ban->reason)));
  }
  if (const auto refusal = refusal_of(*token)) return done(failed<SignedIn>(*refusal));
  const auto rotate = [=, this](const std::string& name, UserRole role) {
    sessions_.rotate(*token, [=, this](const Expected<RefreshToken, ErrorCode>& next) {
      next ? done(sign_in(name, role, *next)) : done(failed<SignedIn>(error_of(next.error())));
    });
  };
  if (is_guest(token->user)) return rotate(token->user, UserRole::kGuest);
  accounts_.get(token->user, [=, this, done = std::move(done),
                              user = token->user](const Expected<Account, AccountError>& account) {
    if (!account) return done(failed<SignedIn>(account.error()));
    if (account->version == 0) return done(failed<SignedIn>(signed_out()));
    rotate(account->name, roles_.role_of(user, *account));
  });
}

std::string Accounts::user_of_token(const std::string& refresh_token) const {
  const auto token = sessions_.read(refresh_token);
  return token ? token->user : std::string();
}

void Accounts::log_out(const std::string& refresh_token, bool all, Done<void> done) {
  if (!is_ready()) return done(failed<void>(busy()));
  const auto token = sessions_.read(refresh_token);
  if (!token) return done(failed<void>(signed_out()));
  if (const auto refusal = refusal_of(*token)) return done(failed<void>(*refusal));
  sessions_.log_out(*token, all, [done = std::move(done)](const Expected<void, ErrorCode>& closed) {
    closed ? done({}) : done(failed<void>(error_of(closed.error())));
  });
}

// ---- For others

bool Accounts::looks_like_account(std::string_view user) const {
  const std::string its_name = user_of(user);
  return its_name != user && (settings_.has_registration || settings_.admins.contains(its_name));
}

void Accounts::find(std::string_view user, Done<std::optional<AccountRecord>> done) {
  accounts_.get(user, [this, user = std::string(user),
                       done = std::move(done)](const Expected<Account, AccountError>& account) {
    if (!account) return done(Unexpected<AccountError>(account.error()));
    if (account->version == 0) return done(std::optional<AccountRecord>());
    done(std::optional<AccountRecord>(
        {user, account->name, roles_.role_of(user, *account), account->created_ms}));
  });
}

AccountCounters Accounts::counters() const {
  AccountCounters now = counters_;
  now.hash_queue = passwords_.hasher().queued();
  sessions_.count(now);
  return now;
}

}  // namespace chirm
