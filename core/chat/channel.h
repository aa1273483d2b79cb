// SPDX-License-Identifier: MIT
#pragma once
// A channel on this node: its log's tail, who follows it, and where each of them stands. Private to
// core/chat. It is data for the parts of the hub, which say with check() what they may rely on.

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "core/base/intrusive_list.h"
#include "core/broker/broker.h"
#include "core/chat/catch_up.h"
#include "core/chat/channel_log.h"

namespace chirm {

class Subscriber;
struct DirtyChannelTag;

// A subscriber that asked for the channel and has not been answered yet.
struct Joining {
  Subscriber* subscriber;
  std::uint32_t command_id;  // 0: the server has subscribed it
  bool recover;
  bool reject_unrecovered;  // answer error 112 instead of recovered:false
  Position since;           // where the client stands, when it recovers
  std::uint64_t asked_ms;
  bool wants_presence = false;  // join and leave pushes
  bool is_late = false;         // the server's, and the connect command was answered without it
  bool is_compared = false;     // the store was asked whether it has more than our tail
};

struct Member {
  Subscriber* subscriber;
  std::uint64_t cursor;  // offset up to which it was sent everything
};

enum class ChannelState : std::uint8_t {
  kSubscribing,  // the broker has been asked; all subscribers are joining
  kLive,         // the tail follows the broker
  kRepairing,    // publications are missing at the tip: history has been asked for them
};

// What is known of the history that the store has from before the tail.
struct StoredHistory {
  std::uint64_t reading = 0;       // number of the read that is under way; 0: none
  std::uint64_t gone_through = 0;  // the store has no publication up to here any more
  // At this time the store had everything behind this offset. Time 0: not known.
  std::uint64_t kept_at_ms = 0;
  std::uint64_t kept_behind = 0;
  // An answer did not belong to the log that we follow. Nothing of it is read until the tip has
  // been compared.
  bool is_doubtful = false;
};

// A flush of the channel goes round the members and stops when each of them has had a look since
// the last publication:
//   [ … done … | next … the `left` members from here, around the end … | done … ]
struct FlushRound {
  std::size_t next = 0;
  std::size_t left = 0;
  // Who waits for this round stands here or behind; who stands before it catches up.
  std::uint64_t live_from = 0;
};

// On the write queue's list of dirty channels whenever round.left > 0, but for the time in which it
// is being flushed.
class Channel : public ListHook<DirtyChannelTag> {
 public:
  // encoder: a server's; must outlive the channel.
  Channel(std::string name, WsEncoder& encoder) : log(std::move(name), encoder) {}

  const std::string& name() const { return log.channel(); }
  // At the end of a turn. What there is to look at grows with the members.
  void check() const;

  ChannelState state = ChannelState::kSubscribing;
  bool must_compare = false;         // something may have been missed while we could not look
  bool is_repair_paused = false;     // kRepairing, and the next page waits for the flush
  std::uint64_t seen = 0;            // the highest offset that arrived, in the tail or not
  std::uint64_t empty_since_ms = 0;  // when the last member left; of use while there is none
  ChannelLog log;
  std::vector<Member> members;
  std::vector<Joining> joining;
  StoredHistory stored;
  std::unique_ptr<CatchUp> catch_up;  // null when no member stands before the tail
  FlushRound round;
};

}  // namespace chirm
