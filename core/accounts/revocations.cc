// SPDX-License-Identifier: MIT
#include "core/accounts/revocations.h"

#include <utility>

#include "core/accounts/secrets.h"
#include "core/base/check.h"
#include "protocol/json_fields.h"
#include "protocol/json_writer.h"
#include "protocol/limits.h"

namespace chirm {

namespace {

constexpr std::string_view kRevocationsCollection = "revoked";
constexpr std::uint64_t kRetryMs = 500;
constexpr std::uint64_t kSweepMs = 60'000;
constexpr int kRevokeAttempts = 5;         // of a compare-and-set that others are faster with
constexpr std::uint64_t kReasonMax = 500;  // characters

std::string session_id(std::uint64_t session) { return "session:" + id_to_text(session); }
std::string user_id(std::string_view user) { return "user:" + std::string(user); }

std::string value_of(std::string_view user, std::uint64_t session, std::int64_t until_s,
                     std::string_view reason) {
  JsonWriter json;
  json.open();
  json.add("user", user);
  json.add("session", id_to_text(session));
  json.add("until", until_s);
  if (!reason.empty()) json.add("reason", reason);
  json.close();
  return json.take();
}

}  // namespace

Revocations::Revocations(Loop& loop, DocumentStore& documents, OnRevoked on_revoked)
    : loop_(loop),
      documents_(documents),
      on_revoked_(std::move(on_revoked)),
      retry_(loop, [this] { load(); }),
      sweep_timer_(loop, [this] { sweep(); }) {
  documents_.add_listener(*this);
  sweep_timer_.start_repeating(kSweepMs);
  load();
  if constexpr (kChecksInvariants) {
    check_hook_ = loop.add_turn_end_hook([this] {
      check();
      return Loop::TurnEnd::kDone;
    });
  }
}

Revocations::~Revocations() { documents_.remove_listener(*this); }

const Revocations::Entry* Revocations::find(const std::string& id) const {
  const auto found = entries_.find(id);
  if (found == entries_.end()) return nullptr;
  const std::int64_t until_s = found->second.until_s;
  return until_s == kForGood || until_s > now_s() ? &found->second : nullptr;
}

bool Revocations::is_revoked(std::string_view user, std::uint64_t session) const {
  return find(user_id(user)) != nullptr || (session != 0 && find(session_id(session)) != nullptr);
}

std::optional<Revocations::Ban> Revocations::ban_of(std::string_view user) const {
  const Entry* entry = find(user_id(user));
  return entry == nullptr ? std::nullopt : std::optional(Ban{entry->until_s, entry->reason});
}

void Revocations::revoke_session(std::string_view user, std::uint64_t session, std::int64_t until_s,
                                 Done done) {
  CHIRM_CHECK(session != 0, user);
  put(session_id(session), value_of(user, session, until_s, {}), std::move(done));
}

void Revocations::ban_user(std::string_view user, const Ban& ban, Done done) {
  put(user_id(user), value_of(user, 0, ban.until_s, ban.reason), std::move(done));
}

void Revocations::pardon_user(std::string_view user, Done done) {
  put(user_id(user), "", std::move(done));
}

// Whatever is there is replaced: the newest word on a session or user is the one that counts.
void Revocations::put(const std::string& id, const std::string& value, Done done) {
  const auto known = entries_.find(id);
  put_over(id, value, known == entries_.end() ? 0 : known->second.version, kRevokeAttempts,
           std::move(done));
}

void Revocations::put_over(const std::string& id, const std::string& value, std::uint64_t expected,
                           int attempts, Done done) {
  // What was to be removed has been removed by somebody else.
  if (value.empty() && expected == 0 && attempts < kRevokeAttempts) return done({});
  documents_.put(kRevocationsCollection, id, expected, value,
                 guard_([=, this, done = std::move(done)](
                            const Expected<DocumentStore::PutResult, ErrorCode>& put) {
                   if (!put) return done(Unexpected<ErrorCode>(put.error()));
                   learn(id, expected, put->current);
                   if (put->is_stored) return done({});
                   if (attempts <= 1) return done(Unexpected<ErrorCode>(errors::kInternal));
                   put_over(id, value, put->current.version, attempts - 1, done);
                 }));
}

// ---- What is known

void Revocations::on_document(std::string_view collection, std::string_view id,
                              const Document& document) {
  if (collection == kRevocationsCollection) set(id, document);
}

// An answer may come later than what was told after it. Where it says that there is no document, it
// is about the version that was expected: a newer one has been told of since, and stays.
void Revocations::learn(std::string_view id, std::uint64_t expected, const Document& document) {
  const auto known = entries_.find(id);
  const bool is_late =
      document.version == 0 && known != entries_.end() && known->second.version > expected;
  if (!is_late) set(id, document);
}

// A removal that is told is always taken. If it is late, because the document is there again, that
// is told next; and only a pardon removes what still holds, so that for this moment one token too
// many counts.
void Revocations::set(std::string_view id, const Document& document) {
  if (is_loading_) listed_.emplace(id);
  const auto known = entries_.find(id);
  if (document.version == 0) {
    if (known != entries_.end()) entries_.erase(known);
    return;
  }
  if (known != entries_.end() && known->second.version >= document.version) return;
  JsonFields fields(document.value);
  Entry entry;
  entry.user = fields.text("user", {0, limits::kUserBytes});
  const auto session = id_from_text(fields.text("session", {16, 16}));
  entry.session = session.value_or(0);
  entry.until_s = static_cast<std::int64_t>(fields.number("until", {0, INT64_MAX}));
  entry.reason = fields.text_or("reason", {0, kReasonMax}, "");
  entry.version = document.version;
  if (!fields.is_right() || !session) return;  // of another version of chirm
  const Entry& added = entries_.insert_or_assign(std::string(id), std::move(entry)).first->second;
  if (on_revoked_) on_revoked_(added.user, added.session);
}

// What is known goes on counting until all has been read anew. A load that is under way may have
// passed what was missed, so another one follows it.
void Revocations::on_documents_maybe_missed() {
  is_stale_ = true;
  if (!is_loading_) load();
}

void Revocations::load() {
  is_loading_ = true;
  is_stale_ = false;
  listed_.clear();
  load_behind("");
}

void Revocations::load_behind(const std::string& after) {
  documents_.list({.collection = kRevocationsCollection, .after = after},
                  guard_([this](const Expected<std::vector<NamedDocument>, ErrorCode>& listed) {
                    if (!listed) return retry_.start(kRetryMs);
                    for (const NamedDocument& one : *listed) {
                      // What was told since loading began is no older than the answer.
                      if (!listed_.contains(one.id)) set(one.id, one.document);
                    }
                    if (listed->size() < DocumentStore::kListMax) return finish_loading();
                    load_behind(listed->back().id);
                  }));
}

// What was neither read nor told is gone: its removal was missed.
void Revocations::finish_loading() {
  std::erase_if(entries_, [this](const auto& entry) { return !listed_.contains(entry.first); });
  listed_.clear();
  is_loading_ = false;
  is_loaded_ = true;
  if (is_stale_) load();
}

// Removes what has run out. Every node does so, for any of them may be the only one; the first
// removes a document, and the others are told. If it was prolonged meanwhile, its version is
// another one.
void Revocations::sweep() {
  std::vector<std::pair<std::string, std::uint64_t>> over;
  for (const auto& [id, entry] : entries_) {
    if (entry.until_s != kForGood && entry.until_s <= now_s()) over.emplace_back(id, entry.version);
  }
  for (const auto& [id, version] : over) {
    documents_.put(kRevocationsCollection, id, version, "",
                   guard_([this, id = id, version = version](const auto& put) {
                     if (put) learn(id, version, put->current);
                   }));
  }
}

void Revocations::check() const {
  CHIRM_CHECK(is_loading_ || is_loaded_);
  CHIRM_CHECK(is_loading_ || !is_stale_);
  CHIRM_CHECK(is_loading_ || listed_.empty(), listed_.size());
}

}  // namespace chirm
