// SPDX-License-Identifier: MIT
#include "core/accounts/name_claims.h"

#include <utility>

#include "core/accounts/name_rules.h"
#include "core/accounts/user_name.h"
#include "protocol/json_fields.h"
#include "protocol/json_writer.h"
#include "protocol/limits.h"

namespace chirm {

using namespace account_errors;

namespace {

constexpr std::string_view kLookCollection = "look";

struct Claim {
  std::string user = {};  // "": nobody can have made it
  std::int64_t at_ms = 0;
};

Claim parse_claim(const std::string& value) {
  JsonFields fields(value);
  Claim claim;
  claim.user = fields.text("user", {1, 64});
  claim.at_ms = static_cast<std::int64_t>(fields.number("at", {0, limits::kNumberMax}));
  return fields.is_right() ? claim : Claim{};
}

std::string to_json(const Claim& claim) {
  JsonWriter json;
  json.open();
  json.add("user", claim.user);
  json.add("at", claim.at_ms);
  json.close();
  return json.take();
}

AccountError looks_taken() { return {Kind::kNameTaken, "This name looks like one that is taken."}; }

}  // namespace

void NameClaims::claim(const std::string& name, AccountDone<void> done) {
  documents_.get(
      kLookCollection, look_of(name),
      guard_([=, this, done = std::move(done)](const Expected<Document, ErrorCode>& one) {
        if (!one) return done(failed<void>(store_away()));
        if (one->version == 0) return put(name, 0, done);
        decide(name, *one, done);
      }));
}

// Somebody may have claimed it and then not become an account: the store was away, say.
void NameClaims::decide(const std::string& name, const Document& there, AccountDone<void> done) {
  const Claim claim = parse_claim(there.value);
  if (claim.user == user_of(name)) return done({});
  accounts_.get(claim.user, [=, this, version = there.version,
                             done = std::move(done)](const Expected<Account, AccountError>& owner) {
    if (!owner) return done(failed<void>(owner.error()));
    const bool is_over = loop_.unix_ms() - claim.at_ms >= kClaimMs;
    if (owner->version != 0 || !is_over) return done(failed<void>(looks_taken()));
    put(name, version, done);
  });
}

void NameClaims::put(const std::string& name, std::uint64_t version, AccountDone<void> done) {
  const std::string user = user_of(name);
  documents_.put(
      kLookCollection, look_of(name), version, to_json({user, loop_.unix_ms()}),
      guard_(
          [user, done = std::move(done)](const Expected<DocumentStore::PutResult, ErrorCode>& put) {
            if (!put) return done(failed<void>(store_away()));
            const bool is_ours = put->is_stored || parse_claim(put->current.value).user == user;
            is_ours ? done({}) : done(failed<void>(looks_taken()));
          }));
}

void NameClaims::note(const std::string& name) {
  put(name, 0, [](const Expected<void, AccountError>&) {
    // Somebody has it, or it is tried again at the next log-in.
  });
}

}  // namespace chirm
