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

// What a fault needs.
enum class Needs : std::uint8_t {
  kNothing,
  kPlainRedis,  // one Redis, with a relay between it and each node
  kSentinel,
};

// What a fault has for itself, as bits.
namespace uses {
inline constexpr unsigned kNode = 1;  // one, but there is always one that no fault has
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
  Needs needs = Needs::kNothing;
};

// The one that needs enter_lossy_network().
inline constexpr std::string_view kLosePackets = "lose-packets";
// Those that need libfaketime.
inline constexpr std::string_view kStepNodeClock = "step-node-clock";
inline constexpr std::string_view kStepRedisClock = "step-redis-clock";

std::span<const Fault> all_faults();
// Whether it can be injected with, or without, a Sentinel.
bool is_possible(const Fault& fault, bool has_sentinel);
// Whether it can be injected together with those, on so many nodes.
bool is_compatible(const Fault& fault, std::span<const Fault* const> others, std::size_t nodes);
// nullptr when there is none of that name.
const Fault* find_fault(std::string_view name);

}  // namespace chirm::chaos
