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
constexpr std::size_t kBlockedPerTick =
    10'000;  // sessions that are looked at, a millisecond's work
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

void Hub::make_due(CatchUp& up) { up.is_due = is_catch_up_due_ = true; }

void Hub::count_served(CatchUp& up, std::uint64_t before, std::uint64_t cursor) {
  if (up.unserved == 0 || !up.has(before) || up.has(cursor)) return;
  if (--up.unserved == 0) make_due(up);
}

void Hub::advance_some(Which which) {
  is_catch_up_due_ = false;
  IntrusiveList<CatchUp, CatchUpTag> now;
  now.take(catching_up_);
  while (CatchUp* up = now.pop_front()) {
    catching_up_.push_back(*up);
    if (up->is_due || which == Which::kAll) advance(up->channel);
  }
}

// Lets the page move on, if it may.
void Hub::advance(Channel& channel) {
  CatchUp& up = *channel.catch_up;
  up.is_due = false;
  const Standing standing = look_at_readers(channel);
  if (up.readers.empty()) return end_catch_up(channel);
  up.unserved = standing.writable + standing.held;
  if (channel.reading != 0 || standing.writable > 0 || wait_for_blocked(up, standing)) return;
  up.unserved = 0;
  reset_page(up, up.page.top());
  const std::uint64_t now = loop_.now_ms();
  if (standing.lowest == kNone || channel.is_doubtful || now < up.retry_ms) return;
  const bool is_memory_taken =
      counters_.page_bytes + (reads_under_way_ + 1) * settings_.page_bytes >
      settings_.tails_bytes_max / 4;
  if (is_memory_taken && counters_.page_bytes + reads_under_way_ > 0) {
    is_page_memory_short_ = up.is_due = true;
    return;
  }
  const bool is_time_over =
      standing.lowest < up.page.top().offset && now - up.round_since_ms >= kRoundMs;
  const bool is_new_round = up.round_since_ms == 0 || standing.next == kNone || is_time_over;
  if (is_new_round) {
    ++counters_.catch_up_rounds;
    up.round_since_ms = now;
  }
  catching_up_.push_back(up);  // the others come first when there is memory again
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
  const bool is_wanted = standing.lowest != kNone || is_page_memory_short_;
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
  end_overtaken(channel);
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
  if (std::exchange(is_page_memory_short_, false)) is_catch_up_due_ = true;
}

// ---- How far

// Looks at those who are slow, a bounded number a tick, by turns.
void Hub::measure_lag() {
  const std::uint64_t now = loop_.now_ms();
  counters_.lag_publications_max = counters_.blocked_ms_max = 0;
  const auto note = [&](const Channel& channel, std::uint64_t cursor) {
    const std::uint64_t lag = channel.log.top().offset - cursor;
    counters_.lag_publications_max = std::max(counters_.lag_publications_max, lag);
  };
  IntrusiveList<Session, BlockedSessionTag> seen;
  for (std::size_t i = 0; i < kBlockedPerTick && !blocked_sessions_.empty(); ++i) {
    Session& session = *blocked_sessions_.pop_front();
    seen.push_back(session);
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
  IntrusiveList<CatchUp, CatchUpTag> all;
  all.take(catching_up_);
  while (CatchUp* up = all.pop_front()) {
    catching_up_.push_back(*up);
    for (Session* session : up->readers) {
      note(up->channel, up->channel.members[session->find(up->channel)->index].cursor);
    }
  }
}

}  // namespace chirm
