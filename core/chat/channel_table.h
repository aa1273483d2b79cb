// SPDX-License-Identifier: MIT
#pragma once
// The channels of this node by name. Private to core/chat.

#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>

#include "core/base/string_hash.h"
#include "core/chat/channel.h"
#include "core/chat/chat_counters.h"

namespace chirm {

class ChannelTable {
 public:
  using Map =
      std::unordered_map<std::string, std::unique_ptr<Channel>, StringHash, std::equal_to<>>;

  // counters: must outlive the table.
  explicit ChannelTable(ChatCounters& counters) : counters_(counters) {}

  // Null when there is none of that name. A channel stays where it is until it is taken out.
  Channel* find(std::string_view name) const;
  // There must be none of that name yet.
  Channel& open(std::string_view name, WsEncoder& encoder);
  // There must be one of that name.
  std::unique_ptr<Channel> take(std::string_view name);

  // Of a channel, on this node. Valid until somebody joins or leaves.
  std::span<const Member> members(std::string_view name) const;
  std::size_t size() const { return channels_.size(); }
  // In no order. Valid until a channel is opened or taken out.
  Map::const_iterator begin() const { return channels_.begin(); }
  Map::const_iterator end() const { return channels_.end(); }

 private:
  ChatCounters& counters_;
  Map channels_;
};

}  // namespace chirm
