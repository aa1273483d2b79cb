// SPDX-License-Identifier: MIT
// Members that stand before their channel's tail: who came back from longer ago than it reaches,
// and slow readers that fell off. They are written from a page of the broker's history that moves
// forward, see catch_up.h. A page is left for the next one when all whose sockets take bytes have
// been sent it; who is blocked has a moment more when others wait, and then waits for the next
// round.
#include <spdlog/spdlog.h>

#include <algorithm>
#include <utility>

#include "core/chat/hub.h"
#include "core/chat/session.h"
#include "protocol/json.h"
#include "protocol/message.h"

namespace chirm {

namespace {
constexpr std::uint64_t kTimerMs = 100;
// How long those that have the whole page wait for those whose sockets are full.
constexpr std::uint64_t kPatienceMs = 250;
// A round gives way to those that wait for the next one after this long.
constexpr std::uint64_t kRoundMs = 5'000;
constexpr std::uint64_t kNone = UINT64_MAX;

constexpr std::uint64_t kLogPeriodMs = 10'000;
constexpr std::uint32_t kLogLinesPerPeriod = 5;
// What a turn does at most, in readers that it looks at: a share of a millisecond. One channel's
// are always looked at together, but no more often than a page is sent to all of them.
constexpr std::size_t kLooksPerTurn = 2'000;
// Channels that are made due at a time only because time has passed.
constexpr std::size_t kChannelsPerRound = 1'000;
// Places of slow readers that are measured at a time.
constexpr std::size_t kMeasuredPerTick = 20'000;
}  // namespace

// What an advance finds out about the readers of a channel.
struct Hub::Standing {
  std::size_t writable = 0;      // not sent the whole page, and the socket takes bytes
  std::size_t held = 0;          // … and the socket is full
  std::uint64_t lowest = kNone;  // where the hindmost of the others stands whose socket takes bytes
  std::uint64_t next = kNone;    // … and of those that are not before the page
};

// ---- Who is behind

void Hub::add_reader(Channel& channel, Session& session) {
  if (!channel.catch_up) {
    channel.catch_up = std::make_unique<CatchUp>(channel, channel.name(), encoder_);
    catching_up_.push_back(*channel.catch_up);
    if (!catch_up_timer_.is_running()) catch_up_timer_.start_repeating(kTimerMs);
  }
  CatchUp& up = *channel.catch_up;
  up.readers.push_back(&session);
  auto* subscription = session.find(channel);
  subscription->is_catching_up = true;
  ++counters_.behind_tail;
  if (up.has(channel.members[subscription->index].cursor)) {
    ++up.unserved;
  } else if (up.unserved == 0) {
    make_due(up);
  }
}

void Hub::remove_reader(Channel& channel, Session& session, std::uint64_t cursor) {
  CatchUp& up = *channel.catch_up;
  const auto found = std::find(up.readers.begin(), up.readers.end(), &session);
  *found = up.readers.back();
  up.readers.pop_back();
  --counters_.behind_tail;
  if (up.readers.empty()) return end_catch_up(channel);
  if (up.has(cursor)) count_served(up, cursor, up.page.top().offset);
}

void Hub::end_catch_up(Channel& channel) {
  CatchUp& up = *channel.catch_up;
  for (Session* session : up.readers) session->find(channel)->is_catching_up = false;
  counters_.behind_tail -= up.readers.size();
  reset_page(up, {});
  channel.catch_up.reset();
  if (catching_up_.empty()) catch_up_timer_.stop();
}

// A slow reader is no longer within the tail.
void Hub::note_fallen(Channel& channel, Session& session, std::uint64_t cursor) {
  ++counters_.fell_off_tail;
  log_fallen(channel, session, cursor);
  add_reader(channel, session);
}

void Hub::log_fallen(const Channel& channel, const Session& session, std::uint64_t cursor) {
  const std::uint64_t now = loop_.now_ms();
  if (now - fallen_log_ms_ >= kLogPeriodMs) {
    if (fallen_logged_ > kLogLinesPerPeriod) {
      spdlog::info("slow readers: {} more", fallen_logged_ - kLogLinesPerPeriod);
    }
    fallen_log_ms_ = now;
    fallen_logged_ = 0;
  }
  if (++fallen_logged_ > kLogLinesPerPeriod) return;
  std::string user, name;
  json::append_string(user, session.user());
  json::append_string(name, channel.name());
  spdlog::info("slow reader: client {} of user {} is {} publications behind in {}",
               session.client_id(), user, channel.log.top().offset - cursor, name);
}

// ---- Rounds

// Who waits for memory has nothing else to do, and keeps its place.
void Hub::make_due(CatchUp& up) {
  const ListHook<DueCatchUpTag>& hook = up;
  if (!hook.is_linked()) due_.push_back(up);
}

void Hub::count_served(CatchUp& up, std::uint64_t before, std::uint64_t cursor) {
  if (up.unserved == 0 || !up.has(before) || up.has(cursor)) return;
  if (--up.unserved == 0) make_due(up);
}

// By turns: patience ends, and errors are forgotten.
void Hub::look_round() {
  IntrusiveList<CatchUp, CatchUpTag> seen;
  for (std::size_t i = 0; i < kChannelsPerRound; ++i) {
    CatchUp* up = catching_up_.pop_front();
    if (up == nullptr) break;
    seen.push_back(*up);
    make_due(*up);
  }
  catching_up_.take(seen);
}

void Hub::advance_due() {
  std::size_t looks = 0;
  const auto take_from = [&](IntrusiveList<CatchUp, DueCatchUpTag>& list) {
    CatchUp* up = looks < kLooksPerTurn ? list.pop_front() : nullptr;
    if (up != nullptr) looks += 1 + up->readers.size();
    return up;
  };
  IntrusiveList<CatchUp, DueCatchUpTag> now;
  now.take(due_);
  while (CatchUp* up = take_from(now)) advance(up->channel, false);
  while (!is_page_memory_taken()) {
    CatchUp* up = take_from(wanting_);
    if (up == nullptr) break;
    advance(up->channel, true);
  }
  now.take(due_);  // who has not had its turn goes before them
  due_.take(now);
}

bool Hub::is_page_memory_taken() const {
  const std::size_t page = 2 * settings_.page_bytes;  // with what frames add to small publications
  const std::size_t bytes = counters_.page_bytes + reads_under_way_ * page;
  return bytes > 0 && bytes + page > settings_.tails_bytes_max / 4;
}

// Lets the page move on, if it may. `is_its_turn`: nobody has waited longer for memory.
void Hub::advance(Channel& channel, bool is_its_turn) {
  if (channel.reading != 0) return;  // then it is due again
  CatchUp& up = *channel.catch_up;
  const Standing standing = look_at_readers(channel);
  if (up.readers.empty()) return end_catch_up(channel);
  up.unserved = standing.writable + standing.held;
  if (standing.writable > 0 || wait_for_blocked(up, standing)) return;
  up.unserved = 0;
  reset_page(up, up.page.top());
  const std::uint64_t now = loop_.now_ms();
  if (standing.lowest == kNone || channel.is_doubtful || now < up.retry_ms) return;
  if (is_page_memory_taken() || (!is_its_turn && !wanting_.empty())) return wanting_.push_back(up);
  const bool is_time_over =
      standing.lowest < up.page.top().offset && now - up.round_since_ms >= kRoundMs;
  const bool is_new_round = up.round_since_ms == 0 || standing.next == kNone || is_time_over;
  if (is_new_round) {
    ++counters_.catch_up_rounds;
    up.round_since_ms = now;
  }
  const std::uint64_t since = is_new_round ? standing.lowest : standing.next;
  read_back(channel, {channel.name(), since, kPageCount, false, settings_.page_bytes},
            &Hub::on_page);
}

// Who has reached the tail is written from there, and is no reader any more.
Hub::Standing Hub::look_at_readers(Channel& channel) {
  CatchUp& up = *channel.catch_up;
  Standing standing;
  const auto look = [&](Session* session) {
    auto* subscription = session->find(channel);
    const std::uint64_t cursor = channel.members[subscription->index].cursor;
    const bool is_in_tail = channel.log.covers(cursor);
    if (is_in_tail) {
      subscription->is_catching_up = false;
      --counters_.behind_tail;
    }
    if (is_in_tail || up.has(cursor)) {
      if (session->may_write()) mark_behind(*session);
      if (!is_in_tail) ++(session->may_write() ? standing.writable : standing.held);
    } else if (session->may_write()) {
      standing.lowest = std::min(standing.lowest, cursor);
      if (cursor >= up.page.top().offset) standing.next = std::min(standing.next, cursor);
    }
    return is_in_tail;
  };
  std::erase_if(up.readers, look);
  return standing;
}

// Whether the page is kept for readers whose sockets are full.
bool Hub::wait_for_blocked(CatchUp& up, const Standing& standing) {
  const bool is_wanted = standing.lowest != kNone || !wanting_.empty();
  if (standing.held == 0 || !is_wanted) {
    up.waiting_since_ms = 0;
    return standing.held > 0;
  }
  const std::uint64_t now = loop_.now_ms();
  if (up.waiting_since_ms == 0) up.waiting_since_ms = now;
  if (now - up.waiting_since_ms < kPatienceMs) return true;
  up.waiting_since_ms = 0;
  return false;
}

// ---- Pages

void Hub::on_page(Channel& channel, std::uint64_t since, const History& history) {
  if (!channel.catch_up) return;
  if (!is_credible(channel, since, history)) return doubt(channel);
  ++counters_.catch_up_pages;
  note_oldest(channel, since, history);
  if (channel.gone_through > since) end_overtaken(channel);
  if (channel.catch_up) fill_page(channel, history);
}

// Readers whose next publication the store does not have any more.
void Hub::end_overtaken(Channel& channel) {
  std::vector<Session*> overtaken;
  for (Session* session : channel.catch_up->readers) {
    const std::uint64_t cursor = channel.members[session->find(channel)->index].cursor;
    if (cursor < channel.gone_through && !channel.log.covers(cursor)) overtaken.push_back(session);
  }
  for (Session* session : overtaken) {
    if (session->find(channel) == nullptr) continue;  // telling it of another channel closed it
    ++counters_.overtaken;
    end_subscription(*session, channel, unsubscribes::kInsufficientState);
  }
}

void Hub::fill_page(Channel& channel, const History& history) {
  CatchUp& up = *channel.catch_up;
  if (history.publications.empty()) return;
  reset_page(up, {history.publications.front().offset - 1, history.top.epoch});
  for (const Publication& publication : history.publications) {
    const bool is_next = publication.offset == up.page.top().offset + 1;
    if (!is_next || publication.offset >= channel.log.first()) break;
    up.page.append(publication.body);
  }
  counters_.page_bytes += up.page.bytes();
  counters_.tail_bytes += up.page.bytes();
  const Standing standing = look_at_readers(channel);
  up.unserved = standing.writable + standing.held;
}

// Empties the page; it stands at `top`.
void Hub::reset_page(CatchUp& up, Position top) {
  counters_.page_bytes -= up.page.bytes();
  counters_.tail_bytes -= up.page.bytes();
  up.page.reset(std::move(top));
}

// ---- How far

// Looks at those who are slow, a bounded number a tick, by turns. Of a channel with more readers
// than that, at the first ones.
void Hub::measure_lag() {
  const std::uint64_t now = loop_.now_ms();
  counters_.lag_publications_max = counters_.blocked_ms_max = 0;
  const auto note = [&](const Channel& channel, std::uint64_t cursor) {
    const std::uint64_t lag = channel.log.top().offset - cursor;
    counters_.lag_publications_max = std::max(counters_.lag_publications_max, lag);
  };
  IntrusiveList<Session, BlockedSessionTag> seen;
  for (std::size_t i = 0; i < kMeasuredPerTick && !blocked_sessions_.empty();) {
    Session& session = *blocked_sessions_.pop_front();
    seen.push_back(session);
    i += 1 + session.subscriptions_.size();
    counters_.blocked_ms_max = std::max(counters_.blocked_ms_max, now - session.blocked_ms_);
    for (const auto& one : session.subscriptions_) {
      if (!one.is_live) continue;
      const std::uint64_t cursor = one.channel->members[one.index].cursor;
      note(*one.channel, cursor);
      if (one.is_catching_up || one.channel->log.covers(cursor)) continue;
      note_fallen(*one.channel, session, cursor);
    }
  }
  blocked_sessions_.take(seen);
  IntrusiveList<CatchUp, CatchUpTag> measured;
  for (std::size_t left = kMeasuredPerTick; left > 0 && !catching_up_.empty();) {
    CatchUp& up = *catching_up_.pop_front();
    measured.push_back(up);
    const std::size_t count = std::min(left, up.readers.size());
    left -= count;
    for (std::size_t i = 0; i < count; ++i) {
      note(up.channel, up.channel.members[up.readers[i]->find(up.channel)->index].cursor);
    }
  }
  catching_up_.take(measured);
}

}  // namespace chirm
