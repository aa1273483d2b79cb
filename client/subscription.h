// SPDX-License-Identifier: MIT
#pragma once
// One channel that a client wants to follow: how far the subscribing is and which publications it
// has seen. Pure: no loop, no socket. Private to client/.

#include <cstdint>
#include <span>
#include <string>

#include "client/backoff.h"
#include "protocol/message.h"

namespace chirm::client {

struct Subscription {
  enum class State : std::uint8_t {
    kWanted,       // to be asked for when the connection stands
    kSubscribing,  // asked for by `command_id`, not answered yet
    kSubscribed,   // publications arrive
    kRetrying,     // refused for now; to be asked for again at retry_at_ms
  };

  enum class Verdict : std::uint8_t {
    kNew,        // to be delivered; the position has advanced
    kDuplicate,  // was delivered before
    kGap,        // something before it is missing
  };

  // What a publication with this offset is, after those that were taken before. After kGap the
  // position has not moved.
  Verdict take(std::uint64_t publication_offset);

  // Takes over what the server says of a subscription that stands. The publications that it sends
  // along are not taken yet.
  void start(const PositionView& position, bool recoverable,
             std::span<const PublicationView> publications);

  State state = State::kWanted;
  bool is_wanted = false;  // by the application
  bool wants_join_leave = false;
  bool is_server_side = false;  // made by the server with the connection
  bool is_recoverable = false;  // the server keeps a log that (epoch, offset) refers to
  Backoff backoff;              // of refusals and gaps
  std::uint32_t command_id = 0;
  std::uint64_t retry_at_ms = 0;
  std::uint64_t offset = 0;  // the last publication seen
  std::string epoch;
};

}  // namespace chirm::client
