// SPDX-License-Identifier: MIT
// Accounts as documents of the store, and what operators do with them.
#include "core/accounts/accounts.h"
#include "core/accounts/user_name.h"
#include "protocol/json_fields.h"
#include "protocol/json_writer.h"

namespace chirm {

namespace {

constexpr std::string_view kCollection = "account";
constexpr std::uint64_t kNumberMax = (std::uint64_t{1} << 53) - 1;
constexpr std::uint64_t kReasonMax = 500;  // characters
constexpr int kAttempts = 5;               // of a put that others are faster with

AccountError store_away() {
  return {AccountError::Kind::kBusy, "The store does not answer; try again soon.", 3};
}

template <class T>
Expected<T, AccountError> store_failed() {
  return Unexpected<AccountError>(store_away());
}

}  // namespace

std::optional<Accounts::Account> Accounts::parse(const Document& document) {
  if (document.version == 0) return std::nullopt;
  JsonFields fields(document.value);
  Account account;
  account.name = fields.text("name", {1, 64});
  account.hash = fields.text("hash", {1, 256});
  account.created_ms = static_cast<std::int64_t>(fields.number("created", {0, kNumberMax}));
  if (const std::string ban = fields.raw("ban"); !ban.empty()) {
    JsonFields terms(ban);
    account.ban = {static_cast<std::int64_t>(terms.number("until", {0, kNumberMax})),
                   terms.text_or("reason", {0, kReasonMax}, "")};
  }
  account.version = document.version;
  return fields.is_right() ? std::optional(account) : std::nullopt;
}

std::string Accounts::to_json(const Account& account) {
  JsonWriter json;
  json.open();
  json.add("name", account.name);
  json.add("hash", account.hash);
  json.add("created", account.created_ms);
  if (account.ban) {
    json.open("ban");
    json.add("until", account.ban->until_s);
    json.add("reason", account.ban->reason);
    json.close();
  }
  json.close();
  return json.take();
}

void Accounts::get(std::string_view user, Done<Account> done) {
  documents_.get(kCollection, user,
                 guard_([done = std::move(done)](const Expected<Document, ErrorCode>& document) {
                   if (!document) return done(store_failed<Account>());
                   if (document->version == 0) return done(Account());
                   auto account = parse(*document);
                   account ? done(std::move(*account)) : done(store_failed<Account>());
                 }));
}

void Accounts::put(std::string_view user, const Account& account,
                   Done<DocumentStore::PutResult> done) {
  documents_.put(
      kCollection, user, account.version, to_json(account),
      guard_([done = std::move(done)](const Expected<DocumentStore::PutResult, ErrorCode>& put) {
        put ? done(*put) : done(store_failed<DocumentStore::PutResult>());
      }));
}

void Accounts::update(std::string_view user, std::function<bool(Account&)> change, int attempts,
                      Done<void> done) {
  get(user, [=, this, user = std::string(user), change = std::move(change),
             done = std::move(done)](Expected<Account, AccountError> account) {
    if (!account) return done(Unexpected<AccountError>(account.error()));
    if (account->version == 0 || !change(*account)) return done({});
    put(user, *account, [=, this](const Expected<DocumentStore::PutResult, AccountError>& put) {
      if (!put) return done(Unexpected<AccountError>(put.error()));
      if (put->is_stored) return done({});
      if (attempts <= 1) return done(store_failed<void>());
      update(user, change, attempts - 1, done);
    });
  });
}

void Accounts::find(std::string_view user, Done<std::optional<AccountRecord>> done) {
  get(user, [this, user = std::string(user),
             done = std::move(done)](const Expected<Account, AccountError>& account) {
    if (!account) return done(Unexpected<AccountError>(account.error()));
    if (account->version == 0) return done(std::optional<AccountRecord>());
    done(std::optional<AccountRecord>(
        {user, account->name, role_of(user), account->created_ms, account->ban}));
  });
}

// The account keeps the reason, and whoever logs in is told; the revocation ends what is there now,
// and is all that there is of a user without an account.
void Accounts::ban(std::string_view user, std::int64_t until_s, const std::string& reason,
                   Done<void> done) {
  const auto note = [until_s, reason](Account& account) {
    account.ban = {until_s, reason};
    return true;
  };
  update(user, note, kAttempts,
         [=, this, user = std::string(user),
          done = std::move(done)](const Expected<void, AccountError>& noted) {
           if (!noted) return done(noted);
           revocations_.revoke_user(user, until_s, [=, this](const auto& revoked) {
             if (!revoked) return done(store_failed<void>());
             sessions_.close_all(user, [done](const Expected<void, ErrorCode>& closed) {
               closed ? done({}) : done(store_failed<void>());
             });
           });
         });
}

void Accounts::pardon(std::string_view user, Done<void> done) {
  const auto forget = [](Account& account) {
    const bool was_banned = account.ban.has_value();
    account.ban.reset();
    return was_banned;
  };
  update(user, forget, kAttempts,
         [=, this, user = std::string(user),
          done = std::move(done)](const Expected<void, AccountError>& forgotten) {
           if (!forgotten) return done(forgotten);
           revocations_.pardon_user(user, [done](const Expected<void, ErrorCode>& pardoned) {
             pardoned ? done({}) : done(store_failed<void>());
           });
         });
}

}  // namespace chirm
