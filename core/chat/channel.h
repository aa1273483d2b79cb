// SPDX-License-Identifier: MIT
#pragma once
// A channel on this node: its log's tail, the sessions that follow it, and where they stand.
// Private to core/chat; the hub does the work.

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "core/base/intrusive_list.h"
#include "core/broker/broker.h"
#include "core/chat/catch_up.h"
#include "core/chat/channel_log.h"

namespace chirm {

class Session;
struct DirtyChannelTag;

// A session that asked for the channel and has not been answered yet.
struct Joining {
  Session* session;
  std::uint32_t command_id;  // 0: the server has subscribed it
  bool recover;
  bool reject_unrecovered;  // answer error 112 instead of recovered:false
  Position since;
  std::uint64_t asked_ms;
  bool wants_presence = false;  // … pushes
  bool is_late = false;         // the server's, and the connect command was answered without it
  bool is_compared = false;     // the store was asked whether it has more than our tail
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
  bool must_compare = false;         // something may have been missed while we could not look
  bool is_repair_paused = false;     // kRepairing, and the next page waits for the flush
  std::uint64_t seen = 0;            // the highest offset that arrived, in the tail or not
  std::uint64_t empty_since_ms = 0;  // when the last member left; of use while there is none
  ChannelLog log;
  std::vector<Member> members;
  std::vector<Joining> joining;

  // History before the tail. One read at a time, for whoever needs it.
  bool is_doubtful = false;           // … or for nobody: the log may be another one now
  std::uint64_t reading = 0;          // number of the read that is under way; 0: none
  std::uint64_t gone_through = 0;     // the store has no publication up to here any more
  std::uint64_t kept_behind = 0;      // … and had all behind here …
  std::uint64_t kept_at_ms = 0;       // … at this time; 0: not known
  std::unique_ptr<CatchUp> catch_up;  // null when no member stands before the tail

  // The flush goes round the members and stops after a full round without news:
  //   [ … done … | next_to_flush … the `unflushed` members from here, around the end … | done … ]
  std::size_t next_to_flush = 0;
  std::size_t unflushed = 0;
  // Who waits for the flush stands here or behind. Who stands before it catches up.
  std::uint64_t live_from = 0;
};

}  // namespace chirm
