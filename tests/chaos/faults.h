// SPDX-License-Identifier: MIT
#pragma once
// The faults that the driver can inject.

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "tests/chaos/arena.h"
#include "tests/chaos/verdict.h"

namespace chirm::chaos {

// What a fault needs.
enum class Needs : std::uint8_t {
  kNothing,
  kPlainRedis,  // one Redis, with a relay between it and each node
  kSentinel,
};

struct Fault {
  std::string_view name;
  std::string_view help;
  // Injects it once and repairs what it broke. Tells through `record.what` what it does, as soon as
  // that is decided, and through `record.trace` what showed that it happened. nullptr: chirm-load
  // does it, all the time.
  void (*inject)(Arena& arena, FaultRecord& record);
  bool loses_store = false;
  bool kills_node = false;
  Needs needs = Needs::kNothing;
};

// The one that needs enter_lossy_network().
inline constexpr std::string_view kLosePackets = "lose-packets";

std::span<const Fault> all_faults();
// Whether it can be injected with, or without, a Sentinel.
bool is_possible(const Fault& fault, bool has_sentinel);
// nullptr when there is none of that name.
const Fault* find_fault(std::string_view name);

}  // namespace chirm::chaos
