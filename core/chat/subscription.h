// SPDX-License-Identifier: MIT
#pragma once
// A channel that a connection follows, or has asked for and waits for. The subscriber has a list of
// them. A live one and a member of the channel are two halves of one thing, and find each other:
//
//   channel.members[subscription.index].subscriber      == the subscriber
//   subscriber.find(channel)->index                     == the member's place

#include <cstdint>

namespace chirm {

class Channel;

struct Subscription {
  Channel* channel;
  bool is_server_side;          // the server's choice: the client has not asked for it
  bool is_live = false;         // it is a member; false while the subscribe waits for its answer
  bool is_catching_up = false;  // it is among the readers of channel->catch_up
  bool wants_presence = false;  // it is told who joins and leaves
  std::uint32_t index = 0;      // in channel->members, while live
};

}  // namespace chirm
