// SPDX-License-Identifier: MIT
#pragma once
// A channel on this node: its log's tail, the sessions that follow it, and where they stand.
// Private to core/chat; the hub does the work.

#include <cstdint>
#include <string>
#include <vector>

#include "core/base/intrusive_list.h"
#include "core/broker/broker.h"
#include "core/chat/channel_log.h"

namespace chirm {

class Session;
struct DirtyChannelTag;

// A session that asked for the channel and has not been answered yet.
struct Joining {
  Session* session;
  std::uint32_t command_id;
  bool recover;
  bool reject_unrecovered;  // answer error 112 instead of recovered:false
  Position since;
  std::uint64_t asked_ms;
  bool is_compared = false;  // the store was asked whether it has more than our tail
};

struct Member {
  Session* session;
  std::uint64_t cursor;  // offset up to which it was sent everything
};

enum class ChannelState : std::uint8_t {
  kSubscribing,  // the broker has been asked; all sessions are joining
  kLive,         // the tail follows the broker
  kRepairing,    // publications are missing at the tip: history has been asked for them
};

class Channel : public ListHook<DirtyChannelTag> {
 public:
  Channel(std::string name, WsEncoder& encoder) : log(std::move(name), encoder) {}

  const std::string& name() const { return log.channel(); }

  ChannelState state = ChannelState::kSubscribing;
  bool is_extending = false;         // older publications have been asked for, for joining sessions
  bool must_compare = false;         // something may have been missed while we could not look
  std::uint64_t seen = 0;            // the highest offset that arrived, in the tail or not
  std::uint64_t empty_since_ms = 0;  // when the last member left; of use while there is none
  ChannelLog log;
  std::vector<Member> members;
  std::vector<Joining> joining;

  // The flush goes round the members and stops after a full round without news:
  //   [ … done … | next_to_flush … the `unflushed` members from here, around the end … | done … ]
  std::size_t next_to_flush = 0;
  std::size_t unflushed = 0;
};

}  // namespace chirm
