// SPDX-License-Identifier: MIT
#pragma once
// How well a broker can serve now, for /readyz and for who accepts clients.

#include <cstdint>
#include <optional>
#include <string>

namespace chirm {

// From best to worst.
enum class Health : std::uint8_t {
  kReady,     // delivery is proven: what is published now is stored and arrives
  kDegraded,  // something cannot be served now, other things can: the disk is full, a shard is away
  kAway,      // nothing can be served here, but perhaps by another node. So a store that only this
              // node has is away only when its file is gone
};

// The newest probe that was published, stored and came back over the bus.
struct ProbeFigures {
  std::uint64_t age_ms = 0;         // since it was sent
  std::uint64_t round_trip_us = 0;  // from sending it until then
};

// One of the stores that a broker works with.
struct StoreHealth {
  std::string name = {};  // for operators; never a password
  Health health = Health::kReady;
  std::string problem = {};        // for the end of a sentence, "is not ready: …"; "" when ready
  std::int64_t since_unix_ms = 0;  // when the problem began
  // Other nodes use this store with other shards beside it: this node would look for channels on
  // other shards than they do, and so must not use it.
  bool is_foreign = false;
  std::optional<ProbeFigures> probe = {};  // where probes are sent, once one has come back
};

}  // namespace chirm
