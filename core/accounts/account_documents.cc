// SPDX-License-Identifier: MIT
#include "core/accounts/account_documents.h"

#include <utility>

#include "core/base/check.h"
#include "protocol/json_fields.h"
#include "protocol/json_writer.h"
#include "protocol/limits.h"

namespace chirm {

using namespace account_errors;

namespace {

constexpr std::string_view kAccountsCollection = "account";
// Of a compare-and-set that others are faster with. An account is changed by one person, and
// perhaps an operator: more than two at once do not come.
constexpr int kSaveAttempts = 5;

template <class T>
Expected<T, AccountError> store_failed() {
  return failed<T>(store_away());
}

std::optional<Account> parse(const Document& document) {
  if (document.version == 0) return std::nullopt;
  JsonFields fields(document.value);
  Account account;
  account.name = fields.text("name", {1, 64});
  account.hash = fields.text("hash", {1, 256});
  account.created_ms = static_cast<std::int64_t>(fields.number("created", {0, limits::kNumberMax}));
  account.changes = fields.number_or("changes", {0, limits::kNumberMax}, 0);
  account.is_operators = fields.flag_or("operator", false);
  account.version = document.version;
  return fields.is_right() ? std::optional(account) : std::nullopt;
}

std::string to_json(const Account& account) {
  CHIRM_CHECK(!account.name.empty() && !account.hash.empty(), account.name);
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

}  // namespace

// A document that cannot be read is an error, and not an account that does not exist: else somebody
// could register its name.
void AccountDocuments::get(std::string_view user, Done<Account> done) {
  documents_.get(kAccountsCollection, user,
                 guard_([done = std::move(done)](const Expected<Document, ErrorCode>& document) {
                   if (!document) return done(store_failed<Account>());
                   if (document->version == 0) return done(Account());
                   auto account = parse(*document);
                   account ? done(std::move(*account)) : done(store_failed<Account>());
                 }));
}

void AccountDocuments::put(std::string_view user, const Account& account, Done<Put> done) {
  documents_.put(
      kAccountsCollection, user, account.version, to_json(account),
      guard_([done = std::move(done)](const Expected<DocumentStore::PutResult, ErrorCode>& put) {
        put ? done(Put{put->is_stored, parse(put->current)}) : done(store_failed<Put>());
      }));
}

void AccountDocuments::update(std::string_view user, Change change, Done<void> done) {
  update_once(user, std::move(change), kSaveAttempts, std::move(done));
}

void AccountDocuments::update_once(std::string_view user, Change change, int attempts,
                                   Done<void> done) {
  get(user, [=, this, user = std::string(user), change = std::move(change),
             done = std::move(done)](Expected<Account, AccountError> account) {
    if (!account) return done(Unexpected<AccountError>(account.error()));
    // Accounts are not removed, but a store may have lost one. It has no name then that could be
    // stored.
    if (account->version == 0) return done(failed<void>(wrong_password()));
    if (auto refusal = change(*account)) return done(failed<void>(std::move(*refusal)));
    put(user, *account, [=, this](const Expected<Put, AccountError>& put) {
      if (!put) return done(Unexpected<AccountError>(put.error()));
      if (put->is_stored) return done({});
      if (attempts <= 1) return done(store_failed<void>());
      update_once(user, change, attempts - 1, done);
    });
  });
}

}  // namespace chirm
