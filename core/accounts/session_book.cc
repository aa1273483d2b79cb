// SPDX-License-Identifier: MIT
#include "core/accounts/session_book.h"

#include <algorithm>
#include <charconv>
#include <memory>
#include <utility>

#include "core/accounts/cluster_key.h"
#include "core/accounts/revocations.h"
#include "core/accounts/secrets.h"
#include "core/accounts/user_name.h"
#include "core/base/check.h"
#include "core/loop/loop.h"
#include "protocol/json_fields.h"
#include "protocol/json_writer.h"
#include "protocol/limits.h"
#include "protocol/signature.h"

namespace chirm {

namespace {

// From the last use.
constexpr std::uint32_t kUserLifetimeS = 30 * 86'400;
constexpr std::uint32_t kGuestLifetimeS = 86'400;
// A client whose reply was lost asks again within this time.
constexpr std::int64_t kGraceMs = 10'000;
// How much clocks of nodes may differ.
constexpr std::int64_t kClockSkewS = 60;
// Of a compare-and-set that others are faster with: a session is one client's.
constexpr int kRotationAttempts = 5;
// Of a user. Whoever logs in again and again without logging out must not fill the store.
constexpr std::size_t kSessionsMax = 50;
constexpr std::size_t kAgentBytes = 200;

// The upper 16 bits of a guest's session are the day on which it was opened: so its collection can
// be told from its id, and all sessions of a day can be found when they are over.
std::int64_t day_of(std::uint64_t session) { return static_cast<std::int64_t>(session >> 48); }

// Never 0, which stands for "all of the user's" in revocations.
std::uint64_t make_id(std::string_view user, std::int64_t now_ms) {
  std::uint64_t id = 0;
  while (id == 0) {
    for (const char c : random_bytes(8)) id = id << 8 | static_cast<unsigned char>(c);
    if (!is_guest(user)) continue;
    const auto today = static_cast<std::uint64_t>(now_ms / SessionBook::kDayMs);
    id = (id & 0xffff'ffff'ffffU) | (today & 0xffff) << 48;
  }
  return id;
}

std::string collection_of(std::string_view user, std::uint64_t session) {
  return is_guest(user) ? SessionBook::guests_of(day_of(session)) : "session:" + std::string(user);
}

// It comes from a client, and is shown to people and in terminals.
std::string printable(std::string_view text) {
  std::string clean(text.substr(0, kAgentBytes));
  for (char& c : clean) c = c >= 0x20 && c < 0x7f ? c : '?';
  return clean;
}

std::string to_json(const SessionRecord& record) {
  JsonWriter json;
  json.open();
  json.add("generation", record.generation);
  json.add("created", record.created_ms);
  json.add("used", record.used_ms);
  json.add("until", record.until_ms);
  json.add("agent", record.agent);
  if (!record.guest.empty()) json.add("guest", record.guest);
  json.close();
  return json.take();
}

void use(SessionRecord& record, std::string_view user, std::int64_t now_ms) {
  record.used_ms = now_ms;
  record.until_ms = record.used_ms + 1000LL * SessionBook::lifetime_s(user);
  if (!is_guest(user)) return;
  record.until_ms = std::min(
      record.until_ms, (day_of(record.id) + SessionBook::kGuestDaysMax) * SessionBook::kDayMs);
}

}  // namespace

SessionBook::SessionBook(const Loop& loop, DocumentStore& documents, const ClusterKey& key,
                         Revocations& revocations, std::uint32_t token_s)
    : loop_(loop), documents_(documents), key_(key), revocations_(revocations), token_s_(token_s) {}

std::string SessionBook::guests_of(std::int64_t day) { return "guest:" + std::to_string(day); }

std::optional<SessionRecord> SessionBook::record_of(std::uint64_t id, const Document& document) {
  if (document.version == 0 || id == 0) return std::nullopt;
  JsonFields fields(document.value);
  const auto time = [&](std::string_view name) {
    return static_cast<std::int64_t>(fields.number(name, {0, limits::kNumberMax}));
  };
  SessionRecord record{id, time("created"), time("used"), time("until"), 0, {}, {}};
  record.generation = fields.number("generation", {0, limits::kNumberMax});
  record.agent = fields.text_or("agent", {0, kAgentBytes}, "");
  record.guest = fields.text_or("guest", {0, limits::kUserBytes}, "");
  return fields.is_right() ? std::optional(record) : std::nullopt;
}

std::uint32_t SessionBook::lifetime_s(std::string_view user) {
  return is_guest(user) ? kGuestLifetimeS : kUserLifetimeS;
}

// ---- Tokens

// The first line keeps this from being a signature of anything else that the key signs; the user
// comes last, for it alone may have line breaks in it.
std::string SessionBook::signature(std::string_view user, std::uint64_t session,
                                   std::uint64_t generation) const {
  std::string text = "refresh\n" + id_to_text(session) + '\n' + std::to_string(generation) + '\n';
  text += user;
  return to_hex(hmac_sha256(text, key_.bytes()));
}

RefreshToken SessionBook::make_token(std::string_view user, std::uint64_t session,
                                     std::uint64_t generation) const {
  std::string text = id_to_text(session) + '.' + std::to_string(generation) + '.';
  text.append(signature(user, session, generation)).append(".").append(user);
  return {std::move(text), std::string(user), session, generation};
}

// The token is taken apart without trusting it, put together again from its parts, and compared as
// a whole, in a time that does not tell how much of it was right.
std::optional<RefreshToken> SessionBook::read(std::string_view token) const {
  const std::size_t first = token.find('.');
  const std::size_t second = token.find('.', first + 1);
  const std::size_t third = token.find('.', second + 1);
  if (first == token.npos || second == token.npos || third == token.npos || key_.bytes().empty()) {
    return std::nullopt;
  }
  const auto session = id_from_text(token.substr(0, first));
  const std::string_view digits = token.substr(first + 1, second - first - 1);
  std::uint64_t generation = 0;
  const auto number = std::from_chars(digits.begin(), digits.end(), generation);
  if (!session || number.ec != std::errc() || generation > limits::kNumberMax) return std::nullopt;
  const std::string_view user = token.substr(third + 1);
  const RefreshToken made = make_token(user, *session, generation);
  return equal_in_constant_time(made.text, token) ? std::optional(made) : std::nullopt;
}

// ---- Sessions

// The new session counts from when it is stored; what becomes of the oldest one is not waited for.
void SessionBook::open(std::string_view user, std::string_view agent, Done<RefreshToken> done) {
  SessionRecord record;
  record.created_ms = loop_.unix_ms();
  record.id = make_id(user, record.created_ms);
  record.agent = printable(agent);
  if (is_guest(user)) record.guest = user;
  use(record, user, record.created_ms);
  CHIRM_CHECK(record.id != 0, user);
  documents_.put(collection_of(user, record.id), id_to_text(record.id), 0, to_json(record),
                 guard_([this, user = std::string(user), id = record.id,
                         done = std::move(done)](const auto& put) {
                   if (!put || !put->is_stored) {
                     return done(Unexpected<ErrorCode>(errors::kInternal));
                   }
                   ++opened_;
                   drop_oldest(user);
                   done(make_token(user, id, 0));
                 }));
}

void SessionBook::drop_oldest(std::string_view user) {
  if (is_guest(user)) return;
  list(user, [this, user = std::string(user)](Expected<std::vector<SessionRecord>, ErrorCode> all) {
    if (!all || all->size() <= kSessionsMax) return;
    const auto oldest = std::ranges::min_element(*all, {}, &SessionRecord::used_ms);
    close(user, oldest->id, [](const auto&) {});
  });
}

SessionBook::TokenState SessionBook::state_of(const RefreshToken& token,
                                              const std::optional<SessionRecord>& record) const {
  const std::int64_t now_ms = loop_.unix_ms();
  if (!record || record->until_ms <= now_ms || token.generation > record->generation) {
    return TokenState::kOver;
  }
  if (token.generation == record->generation) return TokenState::kCurrent;
  const bool is_before = token.generation + 1 == record->generation;
  return is_before && now_ms - record->used_ms <= kGraceMs ? TokenState::kRepeated
                                                           : TokenState::kCopied;
}

// Two clients with the same token, or one that asks twice at once, meet in the compare-and-set: one
// takes the next generation, and the other finds itself repeated, and is given the same.
void SessionBook::rotate(const RefreshToken& token, Done<RefreshToken> done) {
  rotate_once(token, kRotationAttempts, std::move(done));
}

void SessionBook::rotate_once(const RefreshToken& token, int attempts, Done<RefreshToken> done) {
  documents_.get(
      collection_of(token.user, token.session), id_to_text(token.session),
      guard_([=, this, done = std::move(done)](const Expected<Document, ErrorCode>& document) {
        if (!document) return done(Unexpected<ErrorCode>(document.error()));
        rotate_from(token, attempts, *document, done);
      }));
}

void SessionBook::rotate_from(const RefreshToken& token, int attempts, const Document& document,
                              Done<RefreshToken> done) {
  const Unexpected<ErrorCode> refusal(errors::kUnauthorized);
  auto record = record_of(token.session, document);
  switch (state_of(token, record)) {
    case TokenState::kOver:
      return done(refusal);
    case TokenState::kRepeated:
      return done(make_token(token.user, token.session, record->generation));
    case TokenState::kCopied:
      return close(token.user, token.session, [done, refusal](const auto&) { done(refusal); });
    case TokenState::kCurrent:
      break;
  }
  ++record->generation;
  use(*record, token.user, loop_.unix_ms());
  documents_.put(collection_of(token.user, token.session), id_to_text(token.session),
                 document.version, to_json(*record),
                 guard_([=, this, generation = record->generation](
                            const Expected<DocumentStore::PutResult, ErrorCode>& put) {
                   if (!put) return done(Unexpected<ErrorCode>(put.error()));
                   if (put->is_stored) {
                     ++refreshed_;
                     return done(make_token(token.user, token.session, generation));
                   }
                   if (attempts <= 1) return done(Unexpected<ErrorCode>(errors::kInternal));
                   rotate_from(token, attempts - 1, put->current, done);
                 }));
}

// ---- Ends

void SessionBook::log_out(const RefreshToken& token, bool all, Done<void> done) {
  documents_.get(
      collection_of(token.user, token.session), id_to_text(token.session),
      guard_([=, this, done = std::move(done)](const Expected<Document, ErrorCode>& document) {
        if (!document) return done(Unexpected<ErrorCode>(document.error()));
        const Unexpected<ErrorCode> refusal(errors::kUnauthorized);
        const TokenState state = state_of(token, record_of(token.session, *document));
        if (state == TokenState::kOver) return done(refusal);
        close(token.user, token.session, [=, this](const Expected<void, ErrorCode>& closed) {
          if (!closed) return done(closed);
          if (state == TokenState::kCopied) return done(refusal);
          all ? close_all(token.user, done) : done({});
        });
      }));
}

// A guest's stays as one that is over, because GuestSweep finds by it what they have left behind.
// Each time that it loses against a refresh it tries again, without a bound: refreshes are
// throttled, and a session that is to end must not be saved by using it.
void SessionBook::end(const std::string& user, std::uint64_t session, Done<void> done) {
  const std::string collection = collection_of(user, session);
  const std::string id = id_to_text(session);
  documents_.get(
      collection, id,
      guard_([=, this, done = std::move(done)](const Expected<Document, ErrorCode>& document) {
        if (!document) return done(Unexpected<ErrorCode>(document.error()));
        if (document->version == 0) return done({});
        auto record = record_of(session, *document);
        if (record) record->until_ms = std::min(record->until_ms, loop_.unix_ms());
        const std::string rest = record && is_guest(user) ? to_json(*record) : "";
        documents_.put(collection, id, document->version, rest,
                       guard_([=, this](const Expected<DocumentStore::PutResult, ErrorCode>& put) {
                         if (!put) return done(Unexpected<ErrorCode>(put.error()));
                         if (put->is_stored) return done({});
                         end(user, session, done);
                       }));
      }));
}

// First the session ends, so that nobody can refresh it, and then the token that there is counts no
// more. The other way round a refresh in between would bring a token that was never revoked.
void SessionBook::close(std::string_view user, std::uint64_t session, Done<void> done) {
  end(std::string(user), session,
      [this, user = std::string(user), session,
       done = std::move(done)](Expected<void, ErrorCode> ended) {
        if (!ended) return done(std::move(ended));
        ++ended_;
        const std::int64_t until_s = loop_.unix_ms() / 1000 + token_s_ + kClockSkewS;
        revocations_.revoke_session(user, session, until_s, done);
      });
}

void SessionBook::count(AccountCounters& counters) const {
  counters.sessions_opened = opened_;
  counters.sessions_refreshed = refreshed_;
  counters.sessions_ended = ended_;
}

void SessionBook::close_all(std::string_view user, Done<void> done) {
  list(user, [this, user = std::string(user),
              done = std::move(done)](Expected<std::vector<SessionRecord>, ErrorCode> all) {
    if (!all) return done(Unexpected<ErrorCode>(all.error()));
    close_each(user, std::move(*all), done);
  });
}

// One after the other, and stops at the first error: the user has tens of them, and is told that it
// did not work.
void SessionBook::close_each(std::string user, std::vector<SessionRecord> left, Done<void> done) {
  if (left.empty()) return done({});
  const std::uint64_t session = left.back().id;
  left.pop_back();
  close(user, session, [=, this, left = std::move(left)](Expected<void, ErrorCode> closed) mutable {
    if (!closed) return done(std::move(closed));
    close_each(std::move(user), std::move(left), std::move(done));
  });
}

void SessionBook::list(std::string_view user, Done<std::vector<SessionRecord>> done) {
  const std::string collection = collection_of(user, 0);
  documents_.list({.collection = collection, .after = {}},
                  guard_([this, user = std::string(user), collection, done = std::move(done)](
                             const Expected<std::vector<NamedDocument>, ErrorCode>& listed) {
                    if (!listed) return done(Unexpected<ErrorCode>(listed.error()));
                    std::vector<SessionRecord> records;
                    for (const NamedDocument& one : *listed) {
                      const auto id = id_from_text(one.id);
                      const auto record = id ? record_of(*id, one.document) : std::nullopt;
                      if (record && record->until_ms > loop_.unix_ms()) {
                        records.push_back(*record);
                      } else {
                        // Nobody can use it any more; if this fails the next one to look does it.
                        documents_.put(collection, one.id, one.document.version, "",
                                       [](const auto&) {});
                      }
                    }
                    done(std::move(records));
                  }));
}

}  // namespace chirm
