// SPDX-License-Identifier: MIT
#pragma once
// A network namespace of the run's own, in whose loopback the kernel loses packets (tc netem). That
// takes the right to make one (CAP_SYS_ADMIN, CAP_NET_ADMIN) and a kernel that has netem.

#include <cstdint>
#include <optional>
#include <string>

namespace chirm::chaos {

// Moves this process, and all that it starts from now on, into such a namespace. Returns why not,
// when that cannot be; then nothing has changed. Call it before anything is started.
std::optional<std::string> enter_lossy_network();

// 0: none are lost any more.
void lose_packets(unsigned percent);
// How many were lost since lose_packets() was called with anything but 0.
std::uint64_t lost_packets();

}  // namespace chirm::chaos
