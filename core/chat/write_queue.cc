// SPDX-License-Identifier: MIT
#include "core/chat/write_queue.h"

#include "core/base/check.h"

namespace chirm {

void WriteQueue::block(Subscriber& subscriber, std::uint64_t now_ms) {
  CHIRM_CHECK(!subscriber.is_blocked(), subscriber.client_id());
  subscriber.block(now_ms);
  blocked_.push_back(subscriber);
  ++counters_.blocked_sessions;
}

void WriteQueue::unblock(Subscriber& subscriber) {
  if (!subscriber.is_blocked()) return;
  subscriber.unblock();
  static_cast<ListHook<BlockedTag>&>(subscriber).unlink();
  --counters_.blocked_sessions;
}

void WriteQueue::check() const {
  channels_.for_each([](const Channel& channel) {
    CHIRM_CHECK(channel.round.left <= channel.members.size(), channel.name(), channel.round.left);
  });
  std::size_t blocked = 0;
  blocked_.for_each([&](const Subscriber& one) {
    ++blocked;
    CHIRM_CHECK(one.is_blocked(), one.client_id());
  });
  CHIRM_CHECK(blocked == counters_.blocked_sessions, blocked, counters_.blocked_sessions);
  // A lane that has become empty since, or been written with a channel, is no harm: the subscriber
  // is passed over. What has something to go must be on a list: the hub checks that by members.
}

}  // namespace chirm
