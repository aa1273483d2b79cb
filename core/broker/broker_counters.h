// SPDX-License-Identifier: MIT
#pragma once
// What a broker has counted since it was made; the server shows them as metrics.

#include <cstdint>

namespace chirm {

struct BrokerCounters {
  std::uint64_t publishes = 0;       // asked for
  std::uint64_t published = 0;       // stored and answered
  std::uint64_t duplicates = 0;      // answered like the first of the same message id
  std::uint64_t publish_errors = 0;  // answered with an error
  std::uint64_t histories = 0;
  std::uint64_t history_errors = 0;
  std::uint64_t presences = 0;
  std::uint64_t presence_timeouts = 0;  // answered without some node
  std::uint64_t received = 0;           // publications passed to the listener
  std::uint64_t invalid_received = 0;   // bus messages that could not be read
  std::uint64_t link_losses = 0;        // connections to the store that were up and got lost
  std::uint64_t resubscribed = 0;       // channels subscribed again after a lost connection
  std::uint64_t resent = 0;             // commands repeated after a lost connection or a refusal
  std::uint64_t script_loads = 0;
};

}  // namespace chirm
