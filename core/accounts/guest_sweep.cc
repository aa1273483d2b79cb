// SPDX-License-Identifier: MIT
#include "core/accounts/guest_sweep.h"

#include <algorithm>
#include <utility>

#include "core/accounts/secrets.h"
#include "core/accounts/session_book.h"
#include "core/loop/loop.h"
#include "protocol/json_fields.h"
#include "protocol/json_writer.h"
#include "protocol/limits.h"

namespace chirm {

namespace {

constexpr std::string_view kSweepsCollection = "sweep";
constexpr std::string_view kGuestsId = "guests";
constexpr std::uint64_t kPeriodMs = 3'600'000;
// After a session is over its connections are still being closed, and clocks of nodes differ: what
// is removed too early would be made again by what a guest does last.
constexpr std::int64_t kMarginMs = 15 * 60'000;
// Where there is no document yet, the first sweep begins so much before any session can be from.
constexpr std::int64_t kMarginDays = 7;

}  // namespace

struct GuestSweep::State {
  std::int64_t day = 0;
  std::int64_t at_ms = 0;
  std::uint64_t version = 0;

  static State of(const Document& document, std::int64_t today) {
    State state;
    state.version = document.version;
    JsonFields fields(document.value);
    const std::int64_t first_day = today - SessionBook::kGuestDaysMax - kMarginDays;
    state.day = static_cast<std::int64_t>(
        fields.number_or("day", {0, limits::kNumberMax}, static_cast<std::uint64_t>(first_day)));
    state.at_ms = static_cast<std::int64_t>(fields.number_or("at", {0, limits::kNumberMax}, 0));
    return state;
  }
};

GuestSweep::GuestSweep(Loop& loop, DocumentStore& documents, Forget forget)
    : loop_(loop),
      documents_(documents),
      forget_(std::move(forget)),
      timer_(loop, [this] { run(); }) {
  // More often than there is a sweep: a node that was to do it may have stopped.
  timer_.start_repeating(kPeriodMs / 4);
}

std::int64_t GuestSweep::today() const { return loop_.unix_ms() / SessionBook::kDayMs; }

void GuestSweep::run() {
  if (std::exchange(is_running_, true)) return;
  scope_.start(sweep(), [this](bool) { is_running_ = false; });
}

// Whoever stores the time first has the sweep to do; the others lose the compare-and-set. A time
// that lies in the future is of a clock that was wrong, and does not keep anybody from it.
Task<bool> GuestSweep::sweep() {
  Answer<Document> answer;
  documents_.get(kSweepsCollection, kGuestsId, answer.setter());
  const auto document = co_await answer;
  if (!document) co_return false;
  State state = State::of(*document, today());
  const auto age_ms = loop_.unix_ms() - state.at_ms;
  if (age_ms >= 0 && age_ms < static_cast<std::int64_t>(kPeriodMs)) co_return true;
  state.at_ms = loop_.unix_ms();
  const bool is_ours = co_await store(state);
  if (!is_ours) co_return true;
  co_return co_await sweep_from(state);
}

// All days are swept each time, as any of them may have sessions that are over by now. Only a day
// of which every session is over for good need not be looked at again.
Task<bool> GuestSweep::sweep_from(State state) {
  const std::int64_t last = today();
  const std::int64_t first_kept = last - SessionBook::kGuestDaysMax - 1;
  for (std::int64_t day = state.day; day <= last; ++day) {
    const bool is_swept = co_await sweep_day(day);
    if (!is_swept) co_return false;
    if (day < first_kept) state.day = day + 1;
  }
  co_return co_await store(state);
}

Task<bool> GuestSweep::sweep_day(std::int64_t day) {
  const std::string collection = SessionBook::guests_of(day);
  std::string after;
  while (true) {
    Answer<std::vector<NamedDocument>> answer;
    documents_.list({.collection = collection, .after = after}, answer.setter());
    const auto listed = co_await answer;
    if (!listed) co_return false;
    for (const NamedDocument& session : *listed) {
      const bool is_done = co_await sweep_session(collection, session);
      if (!is_done) co_return false;
    }
    if (listed->size() < DocumentStore::kListMax) co_return true;
    after = listed->back().id;
  }
}

// The session is the last to go: it names the guest, so that what could not be removed is found the
// next time. It goes only as it was read; one that was used meanwhile stays.
Task<bool> GuestSweep::sweep_session(std::string collection, NamedDocument session) {
  const auto id = id_from_text(session.id);
  const auto record = id ? SessionBook::record_of(*id, session.document) : std::nullopt;
  if (record && record->until_ms + kMarginMs > loop_.unix_ms()) co_return true;
  if (record && forget_ && !record->guest.empty()) {
    Future<bool> forgotten;
    forget_(record->guest, forgotten.setter());
    const bool is_forgotten = co_await forgotten;
    if (!is_forgotten) co_return false;
  }
  Answer<DocumentStore::PutResult> answer;
  documents_.put(collection, session.id, session.document.version, "", answer.setter());
  const auto removed = co_await answer;
  co_return removed.has_value();
}

Task<bool> GuestSweep::store(State& state) {
  JsonWriter json;
  json.open();
  json.add("day", state.day);
  json.add("at", state.at_ms);
  json.close();
  Answer<DocumentStore::PutResult> answer;
  documents_.put(kSweepsCollection, kGuestsId, state.version, json.take(), answer.setter());
  const auto put = co_await answer;
  if (!put || !put->is_stored) co_return false;
  state.version = put->current.version;
  co_return true;
}

}  // namespace chirm
