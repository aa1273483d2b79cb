// SPDX-License-Identifier: MIT
// The hub's flush: who is written what, when, and how much of it at a time.
#include <algorithm>
#include <utility>

#include "core/chat/hub.h"
#include "core/chat/session.h"

namespace chirm {

namespace {

// One flush may take this long before I/O is looked at again; a write costs 5-8 us, so the clock is
// read once per kWritesPerClockRead. (docs/benchmarks.md, big-room: a room of 10,000 takes 60 ms.)
constexpr std::uint64_t kFlushBudgetNs = 2'000'000;
constexpr std::uint32_t kWritesPerClockRead = 32;
constexpr std::size_t kBytesPerWrite = 16 * 1024;  // more cost as much as several small ones
// A dirty channel is left for the next one after this many writes, so that a small room does not
// wait for a big one.
constexpr std::uint32_t kWritesPerChannel = 256;
// What counts as a small channel: half a millisecond of writes.
constexpr std::size_t kSmallChannel = 64;
// One gathered write; what remains is written when the others had their turn.
constexpr std::size_t kWriteBytesMax = 256 * 1024;
// … with what a session has of its own: a reply does not wait for much of what others catch up.
constexpr std::size_t kOwnWriteBytesMax = 16 * 1024;
constexpr std::size_t kWritePiecesMax = 128;  // of writev's 1,024

// Wraps around after 73 minutes; a delivery takes less.
constexpr std::uint64_t kArrivalUnitNs = 1024;

}  // namespace

// Counts the work of one flush and reads the clock now and then.
class Hub::Budget {
 public:
  explicit Budget(std::uint64_t end_ns) : end_ns_(end_ns) {}
  void count_write(std::size_t bytes) {
    work_ += 1 + bytes / kBytesPerWrite;
    if (work_ < next_clock_read_) return;
    next_clock_read_ = work_ + kWritesPerClockRead;
    is_spent_ = Loop::clock_ns() >= end_ns_;
  }
  bool is_spent() const { return is_spent_; }

 private:
  std::uint64_t end_ns_;
  std::size_t work_ = 0;  // in small writes
  std::size_t next_clock_read_ = kWritesPerClockRead;
  bool is_spent_ = false;
};

// Times the deliveries of a flush of one channel. Those from one place on are timed together, for a
// look at the clock, and for a batch it is the time of its oldest publication.
class Hub::Stopwatch {
 public:
  Stopwatch(const Channel& channel, ChatCounters& counters)
      : channel_(channel), counters_(counters), counted_(counters.deliveries) {}

  // Before a write to a member that stands there.
  void start(std::uint64_t cursor) {
    if (cursor == cursor_) return;
    stop();
    cursor_ = cursor;
  }
  void stop() {
    const std::uint64_t deliveries =
        counters_.deliveries - std::exchange(counted_, counters_.deliveries);
    if (deliveries == 0 || cursor_ < channel_.live_from) return;
    const std::uint32_t arrived = channel_.log.arrived(cursor_ + 1);
    if (arrived == 0) return;
    const std::uint32_t passed = arrival_clock() - arrived;
    counters_.delivery.record(std::uint64_t{passed} * kArrivalUnitNs / 1000, deliveries);
  }

 private:
  const Channel& channel_;
  ChatCounters& counters_;
  std::uint64_t counted_;
  std::uint64_t cursor_ = 0;
};

std::uint32_t Hub::arrival_clock() {
  return static_cast<std::uint32_t>(Loop::clock_ns() / kArrivalUnitNs);
}

// Small rooms first, for they are quickly done; then sessions that have something of their own;
// then big rooms, and last who is catching up, in large writes. Each has its share of the time, so
// that none keeps the others waiting.
Loop::TurnEnd Hub::flush() {
  const std::uint64_t start_ns = Loop::clock_ns();
  Budget for_small(start_ns + kFlushBudgetNs * 3 / 8);
  flush_channels(for_small, kSmallChannel);
  Budget for_sessions(start_ns + kFlushBudgetNs * 5 / 8);
  flush_sessions(for_sessions);
  Budget for_all(start_ns + kFlushBudgetNs * (behind_sessions_.empty() ? 8 : 6) / 8);
  flush_channels(for_all, SIZE_MAX);
  Budget for_behind(start_ns + kFlushBudgetNs);
  flush_behind(for_behind);
  advance_due();
  const bool has_resumed = std::exchange(has_resumed_, false);
  const bool is_done = dirty_channels_.empty() && dirty_sessions_.empty() &&
                       behind_sessions_.empty() && due_.empty() && !has_resumed &&
                       (wanting_.empty() || is_page_memory_taken());
  return is_done ? Loop::TurnEnd::kDone : Loop::TurnEnd::kMore;
}

// Flushes dirty channels of at most `members_max` unflushed members, by turns.
void Hub::flush_channels(Budget& budget, std::size_t members_max) {
  IntrusiveList<Channel, DirtyChannelTag> skipped;
  while (!budget.is_spent()) {
    Channel* channel = dirty_channels_.pop_front();
    if (channel == nullptr) break;
    if (channel->unflushed > members_max) {
      skipped.push_back(*channel);
      continue;
    }
    flush_channel(*channel, budget);
    if (channel->unflushed > 0) dirty_channels_.push_back(*channel);
    if (channel->unflushed == 0 || channel->log.bytes() > 2 * tail_bytes_max()) trim(*channel);
    if (channel->unflushed == 0 && channel->is_repair_paused) repair(*channel);
  }
  skipped.take(dirty_channels_);
  dirty_channels_.take(skipped);
}

// Acks and other replies, with what the session's channels have for it. What is in a channel that
// is still to be flushed is left to that: a publisher gets its own message when its turn comes and
// not before all others, or it would publish faster than the room is served.
void Hub::flush_sessions(Budget& budget) {
  IntrusiveList<Session, DirtySessionTag> now;
  now.take(dirty_sessions_);  // who becomes dirty from here on waits for the next turn
  while (!budget.is_spent()) {
    Session* session = now.pop_front();
    if (session == nullptr) break;
    budget.count_write(write(*session, Scope::kOwn));
  }
  now.take(dirty_sessions_);  // who has not had its turn goes before them
  dirty_sessions_.take(now);
}

// Sessions that go on where their last write ended, by turns.
void Hub::flush_behind(Budget& budget) {
  IntrusiveList<Session, DirtySessionTag> now;
  now.take(behind_sessions_);
  while (!budget.is_spent()) {
    Session* session = now.pop_front();
    if (session == nullptr) break;
    budget.count_write(write(*session, Scope::kBehind));
  }
  now.take(behind_sessions_);
  behind_sessions_.take(now);
}

void Hub::mark_behind(Session& session) {
  const ListHook<DirtySessionTag>& hook = session;
  if (!hook.is_linked()) behind_sessions_.push_back(session);
}

void Hub::flush_channel(Channel& channel, Budget& budget) {
  std::uint32_t writes = 0;
  Stopwatch stopwatch(channel, counters_);
  while (channel.unflushed > 0 && writes < kWritesPerChannel && !budget.is_spent()) {
    if (channel.next_to_flush >= channel.members.size()) channel.next_to_flush = 0;
    prefetch(channel, channel.next_to_flush);
    const Member& member = channel.members[channel.next_to_flush++];
    --channel.unflushed;
    if (member.cursor == channel.log.top().offset || !member.session->may_write()) continue;
    stopwatch.start(member.cursor);
    budget.count_write(write(*member.session, Scope::kAll));
    if (++writes % kWritesPerClockRead == 0) stopwatch.stop();
  }
  stopwatch.stop();
}

void Hub::prefetch(const Channel& channel, std::size_t member) {
  const auto& members = channel.members;
  if (member + 2 < members.size()) members[member + 2].session->prefetch();
  if (member + 1 < members.size()) members[member + 1].session->prefetch_pointees();
}

void Hub::unblock(Session& session) {
  ListHook<BlockedSessionTag>& hook = session;
  if (hook.is_linked()) --counters_.blocked_sessions;
  hook.unlink();
  session.is_blocked_ = false;
  (void)write(session, Scope::kAll);
}

// Returns how many bytes there were to write.
std::size_t Hub::write(Session& session, Scope scope) {
  if (!session.may_write()) return 0;
  const std::size_t bytes = gather(session, scope);
  if (bytes > 0) {
    const std::size_t taken = session.transport_.write(pieces_, bytes);
    ++counters_.writes;
    if (taken < bytes) {
      ++counters_.blocked_writes;
      ++counters_.blocked_sessions;
      session.is_blocked_ = true;
      session.blocked_ms_ = loop_.now_ms();
      blocked_sessions_.push_back(session);
    }
    account(session, taken);
  }
  if (!session.is_blocked_ && look_behind(session)) mark_behind(session);
  if (!session.is_input_wanted_) has_resumed_ = true;
  session.on_written();
  return bytes;
}

// Fills pieces_ and parts_ with what the session has not been sent: its private lane, then each
// channel from its cursor on. Returns the bytes.
std::size_t Hub::gather(const Session& session, Scope scope) {
  pieces_.clear();
  parts_.clear();
  const std::size_t lane_bytes = session.lane_.size();
  if (lane_bytes > 0) pieces_.push_back({const_cast<char*>(session.lane_.data()), lane_bytes});
  const std::size_t bytes_max = scope == Scope::kOwn ? kOwnWriteBytesMax : kWriteBytesMax;
  std::size_t bytes = 0;
  for (const auto& subscription : session.subscriptions_) {
    if (!subscription.is_live) continue;
    Channel& channel = *subscription.channel;
    const std::uint64_t cursor = channel.members[subscription.index].cursor;
    if (cursor == channel.log.top().offset) continue;
    const ChannelLog* log = &channel.log;
    if (!log->covers(cursor)) {
      if (!channel.catch_up || !channel.catch_up->has(cursor)) continue;
      log = &channel.catch_up->page;
    } else if (scope != Scope::kAll && channel.is_linked()) {
      continue;
    }
    if (bytes >= bytes_max || pieces_.size() >= kWritePiecesMax) break;
    const auto found = log->gather(cursor, bytes_max - bytes, pieces_);
    parts_.push_back({&channel, subscription.index, found.bytes, found.to});
    bytes += found.bytes;
  }
  return lane_bytes + bytes;
}

// Moves the lane and the cursors on by what the kernel took. A frame that went out in part is
// finished from the private lane, so that cursors stand at frame boundaries.
void Hub::account(Session& session, std::size_t taken) {
  const std::size_t lane_bytes = std::min(taken, session.lane_.size());
  session.lane_.erase(0, lane_bytes);
  taken -= lane_bytes;
  for (const Part& part : parts_) {
    Channel& channel = *part.channel;
    std::uint64_t& cursor = channel.members[part.member].cursor;
    const std::uint64_t before = cursor;
    if (taken >= part.bytes) {
      cursor = part.to;
      taken -= part.bytes;
    } else if (taken > 0) {
      const bool is_in_tail = channel.log.covers(cursor);
      const auto cut = (is_in_tail ? channel.log : channel.catch_up->page).cut(cursor, taken);
      cursor = cut.offset;
      if (!cut.rest.empty()) {
        session.lane_.assign(cut.rest);
        ++cursor;
      }
      taken = 0;
    }
    counters_.deliveries += cursor - before;
    if (channel.catch_up) count_served(*channel.catch_up, before, cursor);
  }
}

// Whether there is more to write at once. Where the session's place is not in a channel's tail any
// more, history will be read for it.
bool Hub::look_behind(Session& session) {
  bool is_behind = false;
  for (const auto& one : session.subscriptions_) {
    if (!one.is_live) continue;
    Channel& channel = *one.channel;
    const std::uint64_t cursor = channel.members[one.index].cursor;
    if (cursor == channel.log.top().offset) continue;
    if (channel.log.covers(cursor)) {
      is_behind = true;
      continue;
    }
    if (!one.is_catching_up) note_fallen(channel, session, cursor);
    CatchUp& up = *channel.catch_up;
    if (up.has(cursor)) {
      is_behind = true;
    } else if (up.unserved == 0) {
      make_due(up);
    }
  }
  return is_behind;
}

}  // namespace chirm
