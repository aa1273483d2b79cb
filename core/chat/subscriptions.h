// SPDX-License-Identifier: MIT
#pragma once
// Who follows what on this node. A subscription has two halves, one in the subscriber and one in
// the channel (subscription.h, Member, Joining): they are made and ended here and nowhere else, so
// that they always find each other. Private to core/chat.

#include <cstdint>
#include <vector>

#include "core/chat/catch_ups.h"
#include "core/chat/channel.h"
#include "core/chat/chat_counters.h"
#include "core/chat/presence/presence.h"
#include "core/chat/subscriber.h"
#include "core/chat/write_queue.h"
#include "core/loop/loop.h"

namespace chirm {

class Subscriptions {
 public:
  // All must outlive it.
  Subscriptions(Loop& loop, ChatCounters& counters, WriteQueue& queue, CatchUps& catch_ups,
                Presence& presence)
      : loop_(loop),
        counters_(counters),
        queue_(queue),
        catch_ups_(catch_ups),
        presence_(presence) {}

  // The subscriber waits for the channel: the caller keeps its Joining until it joins or the
  // subscription ends. It must not have the channel yet.
  void begin(Subscriber& subscriber, Channel& channel, bool is_server_side);
  // It is a member now, that has been sent everything up to `cursor`. It must be waiting.
  void join(Channel& channel, const Joining& joining, std::uint64_t cursor);
  // Nothing of the subscription is left, whether it was waiting or live. It must have the channel.
  void end(Subscriber& subscriber, Channel& channel);
  void end_all(Subscriber& subscriber);

  // Those that have asked for the channel themselves, live or waiting.
  static std::vector<Subscriber*> asked_for(const Channel& channel);

  // Both halves find each other, and the flush forgets nobody. Looks at everybody in the channel.
  static void check(const Channel& channel);

 private:
  void remove_member(Channel& channel, std::uint32_t index);

  Loop& loop_;
  ChatCounters& counters_;
  WriteQueue& queue_;
  CatchUps& catch_ups_;
  Presence& presence_;
};

}  // namespace chirm
