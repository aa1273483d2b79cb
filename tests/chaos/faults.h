// SPDX-License-Identifier: MIT
#pragma once
// The faults that the driver can inject.

#include <span>
#include <string>
#include <string_view>

#include "tests/chaos/arena.h"
#include "tests/chaos/verdict.h"

namespace chirm::chaos {

struct Fault {
  std::string_view name;
  std::string_view help;
  // Injects it once and repairs what it broke. Tells through `record.what` what it does, as soon as
  // that is decided, and through `record.trace` what showed that it happened. nullptr: chirm-load
  // does it, all the time.
  void (*inject)(Arena& arena, FaultRecord& record);
  bool loses_store = false;
  bool kills_node = false;
};

std::span<const Fault> all_faults();
// nullptr when there is none of that name.
const Fault* find_fault(std::string_view name);

}  // namespace chirm::chaos
