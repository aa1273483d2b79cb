// SPDX-License-Identifier: MIT
#include "core/chat/fan_out.h"

#include <algorithm>
#include <utility>

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
// A write because of something in the private lane: a reply does not wait for much else.
constexpr std::size_t kOwnWriteBytesMax = 16 * 1024;
constexpr std::size_t kWritePiecesMax = 128;  // of writev's 1,024

}  // namespace

// Counts the work of one flush and reads the clock now and then.
class FanOut::Budget {
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
class FanOut::Stopwatch {
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
    if (deliveries == 0 || cursor_ < channel_.round.live_from) return;
    const std::uint32_t arrived = channel_.log.arrived(cursor_ + 1);
    if (arrived == 0) return;
    counters_.delivery.record(TailMemory::us_since(arrived), deliveries);
  }

 private:
  const Channel& channel_;
  ChatCounters& counters_;
  std::uint64_t counted_;
  std::uint64_t cursor_ = 0;
};

// Small rooms first, for they are quickly done; then subscribers that have something of their own;
// then big rooms, and last who is catching up, in large writes. Each has its share of the time, so
// that none keeps the others waiting.
std::vector<Channel*> FanOut::flush() {
  std::vector<Channel*> unpaused;
  const std::uint64_t start_ns = Loop::clock_ns();
  Budget for_small(start_ns + kFlushBudgetNs * 3 / 8);
  flush_channels(for_small, kSmallChannel, unpaused);
  Budget for_dirty(start_ns + kFlushBudgetNs * 5 / 8);
  flush_dirty(for_dirty);
  Budget for_all(start_ns + kFlushBudgetNs * (queue_.behind().empty() ? 8 : 6) / 8);
  flush_channels(for_all, SIZE_MAX, unpaused);
  Budget for_behind(start_ns + kFlushBudgetNs);
  flush_behind(for_behind);
  return unpaused;
}

bool FanOut::take_has_resumed() { return std::exchange(has_resumed_, false); }

// Flushes dirty channels of which at most `members_max` members are left, by turns.
void FanOut::flush_channels(Budget& budget, std::size_t members_max,
                            std::vector<Channel*>& unpaused) {
  WriteQueue::Channels& dirty = queue_.channels();
  WriteQueue::Channels skipped;
  while (!budget.is_spent()) {
    Channel* channel = dirty.pop_front();
    if (channel == nullptr) break;
    if (channel->round.left > members_max) {
      skipped.push_back(*channel);
      continue;
    }
    flush_channel(*channel, budget);
    const bool is_done = channel->round.left == 0;
    if (!is_done) dirty.push_back(*channel);
    if (is_done || tails_.is_far_over(channel->log)) tails_.trim(channel->log);
    if (is_done && channel->is_repair_paused) unpaused.push_back(channel);
  }
  skipped.take(dirty);
  dirty.take(skipped);
}

// Acks and other replies, with what the channels have for the subscriber. What is in a channel that
// is still to be flushed is left to that: a publisher gets its own message when its turn comes and
// not before all others, or it would publish faster than the room is served.
void FanOut::flush_dirty(Budget& budget) {
  ListPass pass(queue_.dirty());
  while (!budget.is_spent()) {
    Subscriber* subscriber = pass.next();
    if (subscriber == nullptr) break;
    budget.count_write(write(*subscriber, Scope::kOwn));
  }
}

// Subscribers that go on where their last write ended, by turns.
void FanOut::flush_behind(Budget& budget) {
  ListPass pass(queue_.behind());
  while (!budget.is_spent()) {
    Subscriber* subscriber = pass.next();
    if (subscriber == nullptr) break;
    budget.count_write(write(*subscriber, Scope::kBehind));
  }
}

// The place in the round is kept over slices and over publications that come meanwhile, so that a
// busy room does not begin with the same members each time.
void FanOut::flush_channel(Channel& channel, Budget& budget) {
  std::uint32_t writes = 0;
  Stopwatch stopwatch(channel, counters_);
  while (channel.round.left > 0 && writes < kWritesPerChannel && !budget.is_spent()) {
    if (channel.round.next >= channel.members.size()) channel.round.next = 0;
    prefetch(channel, channel.round.next);
    const Member& member = channel.members[channel.round.next++];
    --channel.round.left;
    if (member.cursor == channel.log.top().offset || !member.subscriber->may_write()) continue;
    stopwatch.start(member.cursor);
    budget.count_write(write(*member.subscriber, Scope::kAll));
    if (++writes % kWritesPerClockRead == 0) stopwatch.stop();
  }
  stopwatch.stop();
}

void FanOut::prefetch(const Channel& channel, std::size_t member) {
  const auto& members = channel.members;
  if (member + 2 < members.size()) members[member + 2].subscriber->prefetch();
  if (member + 1 < members.size()) members[member + 1].subscriber->prefetch_pointees();
}

void FanOut::unblock(Subscriber& subscriber) {
  queue_.unblock(subscriber);
  (void)write(subscriber, Scope::kAll);
}

// Returns how many bytes there were to write.
std::size_t FanOut::write(Subscriber& subscriber, Scope scope) {
  if (!subscriber.may_write()) return 0;
  const std::size_t bytes = gather(subscriber, scope);
  if (bytes > 0) {
    const std::size_t taken = subscriber.transport().write(pieces_, bytes);
    ++counters_.writes;
    if (taken < bytes) {
      ++counters_.blocked_writes;
      queue_.block(subscriber, loop_.now_ms());
    }
    account(subscriber, taken);
  }
  if (!subscriber.is_blocked() && look_behind(subscriber)) queue_.add_behind(subscriber);
  if (!subscriber.is_input_wanted()) has_resumed_ = true;
  subscriber.finish_write();  // may take in commands, and close it
  return bytes;
}

// Fills pieces_ and shares_ with what the subscriber has not been sent: its private lane, then each
// channel from its cursor on. Returns the bytes.
std::size_t FanOut::gather(const Subscriber& subscriber, Scope scope) {
  pieces_.clear();
  shares_.clear();
  const std::size_t lane_bytes = subscriber.lane().size();
  if (lane_bytes > 0) pieces_.push_back({const_cast<char*>(subscriber.lane().data()), lane_bytes});
  const std::size_t bytes_max = scope == Scope::kOwn ? kOwnWriteBytesMax : kWriteBytesMax;
  std::size_t bytes = 0;
  for (const Subscription& subscription : subscriber.subscriptions()) {
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
    shares_.push_back(
        {&channel, subscription.index, subscription.is_catching_up, found.bytes, found.to});
    bytes += found.bytes;
  }
  return lane_bytes + bytes;
}

// Moves the lane and the cursors on by what the kernel took. A frame that went out in part is
// finished from the private lane, so that cursors stand at frame boundaries.
void FanOut::account(Subscriber& subscriber, std::size_t taken) {
  const std::size_t lane_bytes = std::min(taken, subscriber.lane().size());
  subscriber.lane().erase(0, lane_bytes);
  taken -= lane_bytes;
  for (const Share& share : shares_) {
    Channel& channel = *share.channel;
    std::uint64_t& cursor = channel.members[share.member].cursor;
    const std::uint64_t before = cursor;
    if (taken >= share.bytes) {
      cursor = share.to;
      taken -= share.bytes;
    } else if (taken > 0) {
      const bool is_in_tail = channel.log.covers(cursor);
      const auto cut = (is_in_tail ? channel.log : channel.catch_up->page).cut(cursor, taken);
      cursor = cut.offset;
      if (!cut.rest.empty()) {
        subscriber.lane().assign(cut.rest);
        ++cursor;
      }
      taken = 0;
    }
    counters_.deliveries += cursor - before;
    if (share.is_reader) catch_ups_.count_served(*channel.catch_up, before, cursor);
  }
}

// Whether there is more to write at once. Where the subscriber's place is not in a channel's tail
// any more, history will be read for it.
bool FanOut::look_behind(Subscriber& subscriber) {
  bool is_behind = false;
  for (const Subscription& one : subscriber.subscriptions()) {
    if (!one.is_live) continue;
    Channel& channel = *one.channel;
    const std::uint64_t cursor = channel.members[one.index].cursor;
    if (cursor == channel.log.top().offset) continue;
    if (channel.log.covers(cursor)) {
      is_behind = true;
      continue;
    }
    if (!one.is_catching_up) catch_ups_.add_fallen(channel, subscriber);
    if (channel.catch_up->has(cursor)) {
      is_behind = true;
    } else {
      catch_ups_.look_soon(*channel.catch_up);
    }
  }
  return is_behind;
}

}  // namespace chirm
