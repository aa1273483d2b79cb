// SPDX-License-Identifier: MIT
#pragma once
// What a broker has counted since it was made; the server shows them as metrics. A plain list, as
// long as there are things to count.

#include <cstdint>

namespace chirm {

struct BrokerCounters {
  std::uint64_t publishes = 0;       // asked for
  std::uint64_t published = 0;       // stored and answered
  std::uint64_t duplicates = 0;      // answered like the first of the same message id
  std::uint64_t publish_errors = 0;  // answered with an error
  std::uint64_t histories = 0;
  std::uint64_t history_errors = 0;
  std::uint64_t received = 0;          // publications passed to the listener
  std::uint64_t invalid_received = 0;  // bus messages that could not be read
  std::uint64_t link_losses = 0;       // connections to the store that were up and got lost
  std::uint64_t resubscribed = 0;      // channels subscribed again after a lost connection
  std::uint64_t resent = 0;            // commands repeated after a lost connection or a refusal
  std::uint64_t script_loads = 0;
  std::uint64_t digests = 0;      // messages that say how far channels have got
  std::uint64_t digest_gaps = 0;  // channels whose last publication did not arrive, found by one
  std::uint64_t leases = 0;       // nodes that a store knows, itself included: now, not so far
  // The store came back as another process, or another server took its place:
  std::uint64_t store_lives = 0;      // as often as this node has seen it
  std::uint64_t suspect_lives = 0;    // … and something may be gone for good: new epochs
  std::uint64_t put_back = 0;         // publications it had lost, and got back from this node
  std::uint64_t put_back_errors = 0;  // channels for which that failed
  // channels in which it had others, or lacked more than this node holds
  std::uint64_t store_epoch_changes = 0;
};

}  // namespace chirm
