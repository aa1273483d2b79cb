// SPDX-License-Identifier: MIT
#pragma once
// The time of everything that the processes of a run tell each other: microseconds of the monotonic
// clock, which is the same for all of them on one machine.

#include <cstdint>

#include "core/loop/loop.h"

namespace chirm::load {

inline std::uint64_t now_us() { return Loop::clock_ns() / 1000; }

}  // namespace chirm::load
