// SPDX-License-Identifier: MIT
#pragma once
// What is to be written, and who cannot be: the lists that the fan-out works off at the end of each
// turn. Private to core/chat.
//
//   dirty channels    have publications that some members have not been looked at for
//   dirty             subscribers with something in their private lane
//   behind            subscribers whose last write left something in a tail or a page
//   blocked           subscribers whose socket was full; it says when it takes bytes again
//
// A subscriber is dirty or behind, not both: a write carries both kinds of things. A blocked one
// may be dirty or behind too; it is passed over then.

#include <cstdint>

#include "core/base/intrusive_list.h"
#include "core/chat/channel.h"
#include "core/chat/chat_counters.h"
#include "core/chat/subscriber.h"

namespace chirm {

class WriteQueue {
 public:
  using Channels = IntrusiveList<Channel, DirtyChannelTag>;
  using Waiting = IntrusiveList<Subscriber, WaitingTag>;
  using Blocked = IntrusiveList<Subscriber, BlockedTag>;

  // counters: must outlive the queue.
  explicit WriteQueue(ChatCounters& counters) : counters_(counters) {}

  // All members of the channel are to be looked at, from where its round stands on.
  void add(Channel& channel) {
    channel.round.left = channel.members.size();
    if (channel.round.left > 0 && !channel.is_linked()) channels_.push_back(channel);
  }
  // It has something in its lane.
  void add_dirty(Subscriber& subscriber) { dirty_.push_back(subscriber); }
  // There is more for it than one write took. Nothing to do when it is in the queue anyway.
  void add_behind(Subscriber& subscriber) {
    const ListHook<WaitingTag>& hook = subscriber;
    if (!hook.is_linked()) behind_.push_back(subscriber);
  }

  // Its socket is full. It must not be blocked already.
  void block(Subscriber& subscriber, std::uint64_t now_ms);
  // It takes bytes again, or the subscriber ends. Nothing to do when it is not blocked.
  void unblock(Subscriber& subscriber);

  bool is_empty() const { return channels_.empty() && dirty_.empty() && behind_.empty(); }
  Channels& channels() { return channels_; }
  Waiting& dirty() { return dirty_; }
  Waiting& behind() { return behind_; }
  Blocked& blocked() { return blocked_; }

  // Looks at all of them.
  void check() const;

 private:
  ChatCounters& counters_;
  Channels channels_;
  Waiting dirty_;
  Waiting behind_;
  Blocked blocked_;
};

}  // namespace chirm
