// SPDX-License-Identifier: MIT
#pragma once
// What is counted about limits, since the process started.

#include <array>
#include <cstdint>
#include <map>
#include <string>

#include "core/base/metric_table.h"

namespace chirm {

struct LimitCounters {
  std::uint64_t replies_bytes = 0;
  std::uint64_t addresses = 0;
  std::map<std::string, std::uint64_t> refused;  // by limit
};

inline constexpr auto kLimitMetrics = std::to_array<Metric<LimitCounters>>({
    gauge(&LimitCounters::replies_bytes, "chirm_unread_replies_bytes",
          "Replies that clients have not read yet"),
    gauge(&LimitCounters::addresses, "chirm_client_addresses", "Addresses with open sockets"),
});
inline constexpr LabelledMetric kLimitRefusals{&LimitCounters::refused, "chirm_limited_total",
                                               "What was refused because a limit was reached",
                                               "limit"};
static_assert(covers<LimitCounters, std::map<std::string, std::uint64_t>>(kLimitMetrics));

}  // namespace chirm
