// SPDX-License-Identifier: MIT
// Accounts as documents of the store.
#include "core/accounts/account_errors.h"
#include "core/accounts/accounts.h"
#include "core/accounts/user_name.h"
#include "protocol/json_fields.h"
#include "protocol/json_writer.h"

namespace chirm {

namespace {

constexpr std::string_view kCollection = "account";
constexpr std::uint64_t kNumberMax = (std::uint64_t{1} << 53) - 1;

template <class T>
Expected<T, AccountError> store_failed() {
  return account_errors::failed<T>(account_errors::store_away());
}

}  // namespace

std::optional<Accounts::Account> Accounts::parse(const Document& document) {
  if (document.version == 0) return std::nullopt;
  JsonFields fields(document.value);
  Account account;
  account.name = fields.text("name", {1, 64});
  account.hash = fields.text("hash", {1, 256});
  account.created_ms = static_cast<std::int64_t>(fields.number("created", {0, kNumberMax}));
  account.changes = fields.number_or("changes", {0, kNumberMax}, 0);
  account.is_operators = fields.flag_or("operator", false);
  account.version = document.version;
  return fields.is_right() ? std::optional(account) : std::nullopt;
}

std::string Accounts::to_json(const Account& account) {
  JsonWriter json;
  json.open();
  json.add("name", account.name);
  json.add("hash", account.hash);
  json.add("created", account.created_ms);
  json.add("changes", account.changes);
  if (account.is_operators) json.add("operator", true);
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

void Accounts::update(std::string_view user, Change change, int attempts, Done<void> done) {
  get(user, [=, this, user = std::string(user), change = std::move(change),
             done = std::move(done)](Expected<Account, AccountError> account) {
    if (!account) return done(Unexpected<AccountError>(account.error()));
    if (auto refusal = change(*account)) {
      return done(Unexpected<AccountError>(std::move(*refusal)));
    }
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
        {user, account->name, role_of(user, *account), account->created_ms}));
  });
}

}  // namespace chirm
