// SPDX-License-Identifier: MIT
#include "core/chat/channel_table.h"

#include <utility>

#include "core/base/check.h"

namespace chirm {

Channel* ChannelTable::find(std::string_view name) const {
  const auto found = channels_.find(name);
  return found == channels_.end() ? nullptr : found->second.get();
}

Channel& ChannelTable::open(std::string_view name, WsEncoder& encoder) {
  auto& channel = channels_[std::string(name)];
  CHIRM_CHECK(channel == nullptr, name);
  channel = std::make_unique<Channel>(std::string(name), encoder);
  ++counters_.channels;
  return *channel;
}

// `name` may be the channel's own, so the channel outlives the erasing of it.
std::unique_ptr<Channel> ChannelTable::take(std::string_view name) {
  const auto found = channels_.find(name);
  CHIRM_CHECK(found != channels_.end(), name);
  std::unique_ptr<Channel> channel = std::move(found->second);
  channels_.erase(found);
  --counters_.channels;
  return channel;
}

std::span<const Member> ChannelTable::members(std::string_view name) const {
  const Channel* channel = find(name);
  if (channel == nullptr) return {};
  return channel->members;
}

}  // namespace chirm
