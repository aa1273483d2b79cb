// SPDX-License-Identifier: MIT
#pragma once
// How far the slow ones are behind: for the metrics, and for the operator who asks who they are.
// Looks at a bounded number of them at a time. Private to core/chat.

#include <cstdint>
#include <string_view>
#include <vector>

#include "core/chat/catch_ups.h"
#include "core/chat/chat_counters.h"
#include "core/chat/subscriber.h"
#include "core/chat/write_queue.h"
#include "core/loop/loop.h"

namespace chirm {

struct SlowReader {
  const Subscriber* subscriber;
  std::string_view channel;
  std::uint64_t behind;  // publications
};

class SlowReaders {
 public:
  // All must outlive it.
  SlowReaders(Loop& loop, ChatCounters& counters, WriteQueue& queue, CatchUps& catch_ups)
      : loop_(loop), counters_(counters), queue_(queue), catch_ups_(catch_ups) {}

  // Sets the gauges of the counters. Blocked subscribers that have fallen off a tail meanwhile
  // become readers of its history.
  void measure();
  // Those that are behind because they read slowly, or catch up from before a tail; the farthest
  // first, as far as two thousand looks find them. Valid until the end of the turn.
  std::vector<SlowReader> farthest();

 private:
  Loop& loop_;
  ChatCounters& counters_;
  WriteQueue& queue_;
  CatchUps& catch_ups_;
};

}  // namespace chirm
