// SPDX-License-Identifier: MIT
#include "core/chat/subscriber.h"

#include <algorithm>

#include "core/base/check.h"
#include "core/chat/channel.h"

namespace chirm {

// A list beats a map here: most have a handful, and at most channels_per_client.
Subscription* Subscriber::find(const Channel& channel) {
  const auto found = std::find_if(subscriptions_.begin(), subscriptions_.end(),
                                  [&](const Subscription& one) { return one.channel == &channel; });
  return found == subscriptions_.end() ? nullptr : &*found;
}

const Subscription* Subscriber::find(const Channel& channel) const {
  return const_cast<Subscriber*>(this)->find(channel);
}

Subscription* Subscriber::find(std::string_view channel) {
  const auto found =
      std::find_if(subscriptions_.begin(), subscriptions_.end(),
                   [&](const Subscription& one) { return one.channel->name() == channel; });
  return found == subscriptions_.end() ? nullptr : &*found;
}

Subscription& Subscriber::at(const Channel& channel) {
  Subscription* found = find(channel);
  CHIRM_CHECK(found != nullptr, channel.name(), client_id_);
  return *found;
}

const Subscription& Subscriber::at(const Channel& channel) const {
  return const_cast<Subscriber*>(this)->at(channel);
}

bool Subscriber::offer(std::string_view frame) {
  // Who has more than this waiting reads slowly: what is stale when it is read had better be lost.
  constexpr std::size_t kLaneBytes = 4 * 1024;
  if (state_ != State::kConnected || is_blocked_) return false;
  if (!lane_.empty() && lane_.size() + frame.size() > kLaneBytes) return false;
  lane_ += frame;
  return true;
}

}  // namespace chirm
