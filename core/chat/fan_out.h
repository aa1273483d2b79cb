// SPDX-License-Identifier: MIT
#pragma once
// The fan-out, the heart of chirm: at the end of each turn of the loop, everybody who follows a
// channel is written what it has not been sent yet. Read this first; the .cc file is the algorithm.
//
// A publication is kept once per channel and node, encoded as the WebSocket frame that all get
// (ChannelLog, the channel's tail). Nothing is queued per client: a member is a cursor, the offset
// up to which it has been sent everything.
//
//   tail of room:a    [ 151 | 152 | 153 | 154 | 155 | 156 | 157 ]
//                                ^                            ^
//                       bob, a slow reader          ada, and most others
//
// One write to a client's socket gathers its private lane (replies, pings) and, of every channel
// that it follows, the frames behind its cursor; what the kernel takes moves the cursor on. So live
// delivery, catching up after a reconnect and a slow reader are the same code, and who is slow gets
// larger writes instead of a longer queue. Who stands before the tail is written from a page of
// history instead (CatchUps).
//
// A turn has a budget of 2 ms. A room of 10,000 takes longer: it is flushed in slices, and other
// rooms, replies and new input have their turn in between.
//
// Around it: Hub opens channels, lets in and ends subscriptions; Recovery decides what a client
// that comes back is sent; WriteQueue says who is to be written; TailMemory counts what tails take.

#include <sys/uio.h>

#include <cstddef>
#include <cstdint>
#include <vector>

#include "core/chat/catch_ups.h"
#include "core/chat/channel.h"
#include "core/chat/chat_counters.h"
#include "core/chat/subscriber.h"
#include "core/chat/tail_memory.h"
#include "core/chat/write_queue.h"
#include "core/loop/loop.h"

namespace chirm {

class FanOut {
 public:
  // All must outlive it.
  FanOut(Loop& loop, ChatCounters& counters, WriteQueue& queue, TailMemory& tails,
         CatchUps& catch_ups)
      : loop_(loop), counters_(counters), queue_(queue), tails_(tails), catch_ups_(catch_ups) {}

  // Writes what is in the queue, as far as the budget goes; the rest stays there. Returns channels
  // whose members have all had their turn, and whose repair was paused until then.
  [[nodiscard]] std::vector<Channel*> flush();
  // The subscriber's socket takes bytes again: it is written as much as that takes.
  void unblock(Subscriber& subscriber);
  // Whether a session took in more commands because of a write since the last call: then the broker
  // may have been asked for something, and is to be flushed again.
  bool take_has_resumed();

 private:
  class Budget;
  class Stopwatch;
  // What a gathered write to one member carries of a channel.
  struct Share {
    Channel* channel;
    std::uint32_t member;
    bool is_reader;  // of the channel's catch-up
    std::size_t bytes;
    std::uint64_t to;  // the cursor, when all of it was taken
  };
  // What a write may carry.
  enum class Scope : std::uint8_t {
    kAll,
    kOwn,     // the private lane, and a little of channels that are not to be flushed anyway
    kBehind,  // as kOwn, but as much as fits a write
  };

  void flush_channels(Budget& budget, std::size_t members_max, std::vector<Channel*>& unpaused);
  void flush_dirty(Budget& budget);
  void flush_behind(Budget& budget);
  void flush_channel(Channel& channel, Budget& budget);
  static void prefetch(const Channel& channel, std::size_t member);
  std::size_t write(Subscriber& subscriber, Scope scope);
  std::size_t gather(const Subscriber& subscriber, Scope scope);
  void account(Subscriber& subscriber, std::size_t taken);
  bool look_behind(Subscriber& subscriber);

  Loop& loop_;
  ChatCounters& counters_;
  WriteQueue& queue_;
  TailMemory& tails_;
  CatchUps& catch_ups_;
  std::vector<iovec> pieces_;  // of the write that is being made
  std::vector<Share> shares_;  // whose they are, behind the private lane
  bool has_resumed_ = false;
};

}  // namespace chirm
