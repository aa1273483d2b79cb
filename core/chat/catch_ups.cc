// SPDX-License-Identifier: MIT
#include "core/chat/catch_ups.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <utility>

#include "core/base/check.h"
#include "protocol/json.h"

namespace chirm {

namespace {
constexpr std::uint64_t kTimerMs = 100;
// How long those that have the whole page wait for those whose sockets are full.
constexpr std::uint64_t kPatienceMs = 250;
// A round gives way to those that wait for the next one after this long.
constexpr std::uint64_t kRoundMs = 5'000;
constexpr std::uint64_t kRetryMs = 500;  // after a read of history failed
constexpr std::uint64_t kNone = UINT64_MAX;

constexpr std::uint64_t kLogPeriodMs = 10'000;
constexpr std::uint32_t kLogLinesPerPeriod = 5;
// What a turn does at most, in readers that it looks at: a share of a millisecond. One channel's
// are always looked at together, but no more often than a page is sent to all of them.
constexpr std::size_t kLooksPerTurn = 2'000;
// Channels that are made due at a time only because time has passed.
constexpr std::size_t kChannelsPerRound = 1'000;

std::uint64_t cursor_of(const Channel& channel, const Subscriber& subscriber) {
  return channel.members[subscriber.at(channel).index].cursor;
}
}  // namespace

// What a look at the readers of a channel has found.
struct CatchUps::Readers {
  std::size_t writable = 0;      // not sent the whole page, and the socket takes bytes
  std::size_t held = 0;          // not sent the whole page, and the socket is full
  std::uint64_t lowest = kNone;  // the hindmost of the others whose socket takes bytes
  std::uint64_t next = kNone;    // the hindmost of those that do not stand before the page
};

CatchUps::CatchUps(const Parts& parts)
    : parts_(parts),
      loop_(parts.loop),
      counters_(parts.counters),
      reader_(parts.reader),
      timer_(parts.loop, [this] { look_round(); }) {}

// ---- Readers

void CatchUps::add(Channel& channel, Subscriber& subscriber) {
  if (!channel.catch_up) {
    channel.catch_up = std::make_unique<CatchUp>(channel, channel.name(), parts_.encoder);
    all_.push_back(*channel.catch_up);
    if (!timer_.is_running()) timer_.start_repeating(kTimerMs);
  }
  CatchUp& up = *channel.catch_up;
  Subscription& subscription = subscriber.at(channel);
  CHIRM_CHECK(subscription.is_live && !subscription.is_catching_up, channel.name());
  subscription.is_catching_up = true;
  up.readers.push_back(&subscriber);
  ++counters_.behind_tail;
  if (up.has(channel.members[subscription.index].cursor)) {
    ++up.unserved;
  } else {
    look_soon(up);
  }
}

void CatchUps::add_fallen(Channel& channel, Subscriber& subscriber) {
  ++counters_.fell_off_tail;
  log_fallen(channel, subscriber);
  add(channel, subscriber);
}

void CatchUps::remove(Channel& channel, Subscriber& subscriber) {
  CatchUp& up = *channel.catch_up;
  const auto found = std::find(up.readers.begin(), up.readers.end(), &subscriber);
  CHIRM_CHECK(found != up.readers.end(), channel.name(), subscriber.client_id());
  *found = up.readers.back();
  up.readers.pop_back();
  subscriber.at(channel).is_catching_up = false;
  --counters_.behind_tail;
  if (up.readers.empty()) return end(channel);
  // To those who wait for the page to move on it is as if the rest of it had been sent.
  const std::uint64_t cursor = cursor_of(channel, subscriber);
  if (up.has(cursor)) count_served(up, cursor, up.page.top().offset);
}

void CatchUps::end(Channel& channel) {
  CatchUp& up = *channel.catch_up;
  for (Subscriber* subscriber : up.readers) subscriber->at(channel).is_catching_up = false;
  counters_.behind_tail -= up.readers.size();
  parts_.tails.empty_page(up.page, {});
  channel.catch_up.reset();
  if (all_.empty()) timer_.stop();
}

// A crowd falls off together when a room is busier than they read: the log says that it happens and
// how often, and not each name.
void CatchUps::log_fallen(const Channel& channel, const Subscriber& subscriber) {
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
  json::append_string(user, subscriber.user());
  json::append_string(name, channel.name());
  spdlog::info("slow reader: client {} of user {} is {} publications behind in {}",
               subscriber.client_id(), user,
               channel.log.top().offset - cursor_of(channel, subscriber), name);
}

// ---- Turns

// Who waits for memory has nothing else to do, and keeps its place.
void CatchUps::make_due(CatchUp& up) {
  const ListHook<DueCatchUpTag>& hook = up;
  if (!hook.is_linked()) due_.push_back(up);
}

// Nobody tells when patience has ended or when an error is to be forgotten. So all are looked at
// now and then, by turns.
void CatchUps::look_round() {
  ListLook look(all_);
  for (std::size_t i = 0; i < kChannelsPerRound; ++i) {
    CatchUp* up = look.next();
    if (up == nullptr) break;
    make_due(*up);
  }
}

void CatchUps::advance_due() {
  std::size_t looks = 0;
  const auto looked_at = [&](CatchUp* up) {
    if (up != nullptr) looks += 1 + up->readers.size();
    return up;
  };
  ListPass pass(due_);
  while (looks < kLooksPerTurn) {
    CatchUp* up = looked_at(pass.next());
    if (up == nullptr) break;
    advance(*up, false);
  }
  while (looks < kLooksPerTurn && has_room_for_page()) {
    CatchUp* up = looked_at(wanting_.pop_front());
    if (up == nullptr) break;
    advance(*up, true);
  }
}

// Lets the page move on, if it may. `is_its_turn`: nobody has waited longer for memory.
void CatchUps::advance(CatchUp& up, bool is_its_turn) {
  Channel& channel = up.channel;
  if (channel.stored.reading != 0) return;  // when that has come it is due again
  const Readers readers = look_at_readers(up);
  if (up.readers.empty()) return end(channel);
  up.unserved = readers.writable + readers.held;
  if (readers.writable > 0 || wait_for_blocked(up, readers)) return;
  up.unserved = 0;
  // The memory is given back even when this one wants the next page: others have waited for it.
  parts_.tails.empty_page(up.page, up.page.top());
  const bool is_all_blocked = readers.lowest == kNone;
  if (is_all_blocked || channel.stored.is_doubtful || loop_.now_ms() < up.retry_ms) return;
  if (!has_room_for_page() || (!is_its_turn && !wanting_.empty())) return wanting_.push_back(up);
  read_page(up, readers);
}

void CatchUps::read_page(CatchUp& up, const Readers& readers) {
  const std::uint64_t now = loop_.now_ms();
  const bool is_time_over =
      readers.lowest < up.page.top().offset && now - up.round_since_ms >= kRoundMs;
  const bool is_new_round = up.round_since_ms == 0 || readers.next == kNone || is_time_over;
  if (is_new_round) {
    ++counters_.catch_up_rounds;
    up.round_since_ms = now;
  }
  const std::uint64_t since = is_new_round ? readers.lowest : readers.next;
  reader_.read(up.channel, HistoryUse::kPage,
               {.since = since, .bytes_max = parts_.settings.page_bytes});
}

// Who has reached the tail is written from there, and is no reader any more.
CatchUps::Readers CatchUps::look_at_readers(CatchUp& up) {
  Channel& channel = up.channel;
  Readers found;
  const auto look = [&](Subscriber* subscriber) {
    Subscription& subscription = subscriber->at(channel);
    const std::uint64_t cursor = channel.members[subscription.index].cursor;
    const bool is_in_tail = channel.log.covers(cursor);
    if (is_in_tail) {
      subscription.is_catching_up = false;
      --counters_.behind_tail;
    }
    if (is_in_tail || up.has(cursor)) {
      if (subscriber->may_write()) parts_.queue.add_behind(*subscriber);
      if (!is_in_tail) ++(subscriber->may_write() ? found.writable : found.held);
    } else if (subscriber->may_write()) {
      found.lowest = std::min(found.lowest, cursor);
      if (cursor >= up.page.top().offset) found.next = std::min(found.next, cursor);
    }
    return is_in_tail;
  };
  std::erase_if(up.readers, look);
  return found;
}

// Whether the page is kept for readers whose sockets are full. As long as nobody else wants to go
// on it is; else for a moment, for most of them only have to empty a buffer.
bool CatchUps::wait_for_blocked(CatchUp& up, const Readers& readers) {
  const bool is_wanted = readers.lowest != kNone || !wanting_.empty();
  if (readers.held == 0 || !is_wanted) {
    up.waiting_since_ms = 0;
    return readers.held > 0;
  }
  const std::uint64_t now = loop_.now_ms();
  if (up.waiting_since_ms == 0) up.waiting_since_ms = now;
  if (now - up.waiting_since_ms < kPatienceMs) return true;
  up.waiting_since_ms = 0;
  return false;
}

// ---- History

std::vector<Subscriber*> CatchUps::on_page(Channel& channel, std::uint64_t since,
                                           const History& history) {
  CHIRM_CHECK(channel.catch_up != nullptr, channel.name());
  ++counters_.catch_up_pages;
  reader_.note_oldest(channel, since, history);
  fill_page(*channel.catch_up, history);
  if (channel.stored.gone_through <= since) return {};
  return overtaken(*channel.catch_up);
}

std::vector<Subscriber*> CatchUps::overtaken(const CatchUp& up) const {
  std::vector<Subscriber*> found;
  for (Subscriber* subscriber : up.readers) {
    const std::uint64_t cursor = cursor_of(up.channel, *subscriber);
    if (cursor < up.channel.stored.gone_through && !up.channel.log.covers(cursor)) {
      found.push_back(subscriber);
    }
  }
  return found;
}

// Up to the first hole, and no farther than to the tail: what is behind is written from there.
void CatchUps::fill_page(CatchUp& up, const History& history) {
  const auto& found = history.publications;
  if (found.empty()) return;
  std::size_t count = 0;
  const std::uint64_t first = found.front().offset;
  while (count < found.size() && found[count].offset == first + count &&
         found[count].offset < up.channel.log.first()) {
    ++count;
  }
  parts_.tails.fill_page(up.page, {first - 1, history.top.epoch}, std::span(found).first(count));
  const Readers readers = look_at_readers(up);
  up.unserved = readers.writable + readers.held;
}

void CatchUps::on_read_failed(Channel& channel) {
  if (channel.catch_up) channel.catch_up->retry_ms = loop_.now_ms() + kRetryMs;
}

void CatchUps::on_rewritten(Channel& channel, std::uint64_t offset) {
  if (!channel.catch_up) return;
  CatchUp& up = *channel.catch_up;
  if (up.page.first() > std::min(offset, up.page.top().offset)) return;
  // It stands before what it had, so that this is read again, in the same round.
  parts_.tails.empty_page(up.page, {up.page.first() - 1, up.page.top().epoch});
  up.unserved = 0;
  make_due(up);
}

// ---- Check

// Readers come and go here alone: add(), remove(), end() and look_at_readers() change the list, the
// mark of the subscription and the counter together.
void CatchUps::check() const {
  std::size_t readers = 0;
  all_.for_each([&](const CatchUp& up) {
    const Channel& channel = up.channel;
    // Its channel owns it, and it leaves all lists as it goes: so none is here that has ended.
    CHIRM_CHECK(channel.catch_up.get() == &up, channel.name());
    up.check();
    // That the marked are among the readers, too, is counted by Subscriptions::check().
    std::size_t unserved = 0;
    for (const Subscriber* subscriber : up.readers) {
      const Subscription& subscription = subscriber->at(channel);
      CHIRM_CHECK(subscription.is_live && subscription.is_catching_up, channel.name(),
                  subscription.is_live);
      if (up.has(channel.members[subscription.index].cursor)) ++unserved;
    }
    // A cursor moves by a write only, and count_served() is told of each; the page changes here
    // only, and then all are counted anew. With a higher number the page would stand still until
    // look_round() comes by; with a lower one all readers would be looked at in vain.
    CHIRM_CHECK(up.unserved == unserved, channel.name(), up.unserved, unserved);
    readers += up.readers.size();
    // Without readers it is ended by advance(). That comes to it from a list, and what is on none
    // is put there when the page that is being read has come.
    const ListHook<DueCatchUpTag>& hook = up;
    CHIRM_CHECK(!up.readers.empty() || hook.is_linked() || channel.stored.reading != 0,
                channel.name());
  });
  CHIRM_CHECK(readers == counters_.behind_tail, readers, counters_.behind_tail);
  // Without it nobody would notice that patience has ended, or that an error may be forgotten.
  CHIRM_CHECK(timer_.is_running() == !all_.empty(), timer_.is_running());
}

}  // namespace chirm
