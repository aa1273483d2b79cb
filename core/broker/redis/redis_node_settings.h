// SPDX-License-Identifier: MIT
#pragma once
// How a node keeps in touch with the others on its Redis. All nodes of a cluster should have the
// same.

#include <cstdint>

namespace chirm {

struct RedisNodeSettings {
  // How often a node says which of its channels have got something.
  std::uint64_t digest_period_ms = 500;
  // How often a node renews its lease, and after how many renewals by each of the others a lease
  // that was not renewed is over.
  std::uint64_t lease_period_ms = 1000;
  std::uint32_t lease_renewals = 5;
  // How often a node says on the bus that it lives; silent for four of them, it is gone.
  std::uint64_t beat_period_ms = 1000;
  // How long a Redis that has come back stays unused while nodes are missing that may hold what it
  // lost. Longer than RedisLinkSettings::backoff_max_ms and connect_timeout_ms together, so that
  // they all have tried to connect; shorter than publishes are held.
  std::uint64_t return_ms = 2500;
  // Likewise at a Redis of which no node that has come remembers anything, and that knows of none:
  // others may, of which it does not know.
  std::uint64_t strangers_ms = 2500;
  // How much longer that is for nodes that have come and are at work on what they hold. Publishes
  // that were held longer have failed by then; but to go on without these nodes would cost every
  // channel its epoch.
  std::uint64_t work_ms = 5000;
  // A publication is acknowledged when so many replicas of the Redis have it, too.
  std::uint32_t ack_replicas = 0;
};

}  // namespace chirm
