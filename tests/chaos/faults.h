// SPDX-License-Identifier: MIT
#pragma once
// The faults that the driver can inject, and which of them can be injected at once.

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "tests/chaos/injection.h"

namespace chirm::chaos {

// With which stores a fault is possible, as bits.
namespace stores {
inline constexpr unsigned kRedis = 1;  // one, with a relay between it and each node
inline constexpr unsigned kSentinel = 2;
inline constexpr unsigned kFile = 4;
inline constexpr unsigned kCluster = kRedis | kSentinel;  // with nginx
inline constexpr unsigned kAny = kCluster | kFile;
}  // namespace stores

// What a fault has for itself, as bits.
namespace uses {
inline constexpr unsigned kNode = 1;  // one; of several at once, there is one that none has
inline constexpr unsigned kAllNodes = 2;
inline constexpr unsigned kRedis = 4;
inline constexpr unsigned kNginx = 8;
inline constexpr unsigned kNetwork = 16;
inline constexpr unsigned kEverything = 32;  // no other fault is to disturb it
}  // namespace uses

struct Fault {
  std::string_view name;
  std::string_view help;
  // fault_functions.h. nullptr: chirm-load does it, all the time.
  Task<bool> (*inject)(Injection& injection);
  unsigned uses = 0;
  FaultKind kind = {};
  unsigned stores = stores::kAny;
};

// The one that needs enter_lossy_network().
inline constexpr std::string_view kLosePackets = "lose-packets";
// Those that need libfaketime.
inline constexpr std::string_view kStepNodeClock = "step-node-clock";
inline constexpr std::string_view kStepRedisClock = "step-redis-clock";

std::span<const Fault> all_faults();
// Whether it can be injected into such a store.
bool is_possible(const Fault& fault, Store store);
// Whether it can be injected together with those, on so many nodes.
bool is_compatible(const Fault& fault, std::span<const Fault* const> others, std::size_t nodes);
// nullptr when there is none of that name.
const Fault* find_fault(std::string_view name);

}  // namespace chirm::chaos
