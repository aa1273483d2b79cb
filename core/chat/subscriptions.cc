// SPDX-License-Identifier: MIT
#include "core/chat/subscriptions.h"

#include <algorithm>

#include "core/base/check.h"

namespace chirm {

void Subscriptions::begin(Subscriber& subscriber, Channel& channel, bool is_server_side) {
  CHIRM_CHECK(subscriber.find(channel) == nullptr, channel.name(), subscriber.client_id());
  subscriber.subscriptions().push_back({.channel = &channel, .is_server_side = is_server_side});
  ++counters_.subscriptions;
}

void Subscriptions::join(Channel& channel, const Joining& joining, std::uint64_t cursor) {
  Subscriber& subscriber = *joining.subscriber;
  Subscription& subscription = subscriber.at(channel);
  CHIRM_CHECK(!subscription.is_live, channel.name(), subscriber.client_id());
  subscription.is_live = true;
  subscription.wants_presence = joining.wants_presence;
  subscription.index = static_cast<std::uint32_t>(channel.members.size());
  channel.members.push_back({&subscriber, cursor});
  if (channel.round.left > 0) ++channel.round.left;  // the round that is under way gets longer
  if (!channel.log.covers(cursor)) catch_ups_.add(channel, subscriber);
  presence_.on_joined(channel.name(), subscriber, joining.wants_presence);
}

// The order matters: the catch-up and the list of members need both halves whole, and presence must
// not count the member any more when it tells others that it has left.
void Subscriptions::end(Subscriber& subscriber, Channel& channel) {
  Subscription& found = subscriber.at(channel);
  const bool was_live = found.is_live;
  const bool wanted_presence = found.wants_presence;
  if (was_live) {
    if (found.is_catching_up) catch_ups_.remove(channel, subscriber);
    remove_member(channel, found.index);
  } else {
    std::erase_if(channel.joining, [&](const auto& one) { return one.subscriber == &subscriber; });
  }
  found = subscriber.subscriptions().back();
  subscriber.subscriptions().pop_back();
  --counters_.subscriptions;
  if (channel.members.empty()) channel.empty_since_ms = loop_.now_ms();
  if (was_live) presence_.on_left(channel.name(), subscriber, wanted_presence);
}

void Subscriptions::remove_member(Channel& channel, std::uint32_t index) {
  channel.members[index] = channel.members.back();
  channel.members.pop_back();
  if (index < channel.members.size()) {
    channel.members[index].subscriber->at(channel).index = index;
  }
  // The member that took the place may be one that the flush has not come to yet, and the place one
  // that it has passed: all are looked at once more.
  if (channel.round.left > 0) queue_.add(channel);
}

// From the back, where ending moves no other subscription.
void Subscriptions::end_all(Subscriber& subscriber) {
  while (!subscriber.subscriptions().empty()) {
    end(subscriber, *subscriber.subscriptions().back().channel);
  }
}

std::vector<Subscriber*> Subscriptions::asked_for(const Channel& channel) {
  std::vector<Subscriber*> found;
  const auto add = [&](Subscriber* subscriber) {
    if (!subscriber->at(channel).is_server_side) found.push_back(subscriber);
  };
  for (const Member& member : channel.members) add(member.subscriber);
  for (const Joining& joining : channel.joining) add(joining.subscriber);
  return found;
}

void Subscriptions::check(const Channel& channel) {
  std::size_t catching_up = 0;
  for (std::size_t i = 0; i < channel.members.size(); ++i) {
    const auto& [subscriber, cursor] = channel.members[i];
    const Subscription& subscription = subscriber->at(channel);
    CHIRM_CHECK(subscription.is_live && subscription.index == i, channel.name(), i,
                subscription.index);
    catching_up += subscription.is_catching_up ? 1 : 0;
    const ListHook<BlockedTag>& blocked = *subscriber;
    CHIRM_CHECK(blocked.is_linked() == subscriber->is_blocked(), channel.name(), i);
    // Who has something to come is looked at by a flush, or its socket or a page is waited for.
    const ListHook<WaitingTag>& waiting = *subscriber;
    const bool is_served = cursor == channel.log.top().offset || channel.round.left > 0 ||
                           waiting.is_linked() || !subscriber->may_write() ||
                           subscription.is_catching_up;
    CHIRM_CHECK(is_served, channel.name(), i, cursor, channel.log.top().offset);
  }
  // CatchUps::check() sees that every reader is marked. As the counts agree, nobody else is.
  const std::size_t readers = channel.catch_up ? channel.catch_up->readers.size() : 0;
  CHIRM_CHECK(catching_up == readers, channel.name(), catching_up, readers);
  for (const Joining& joining : channel.joining) {
    CHIRM_CHECK(!joining.subscriber->at(channel).is_live, channel.name());
  }
}

}  // namespace chirm
