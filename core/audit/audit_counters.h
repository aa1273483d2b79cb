// SPDX-License-Identifier: MIT
#pragma once
// What is counted about the audit log, since the process started.

#include <array>
#include <cstdint>

#include "core/base/metric_table.h"

namespace chirm {

struct AuditCounters {
  std::uint64_t events = 0;
  std::uint64_t summed_up = 0;  // events that have no line of their own
  std::uint64_t lost = 0;       // lines that could not be written
};

inline constexpr auto kAuditMetrics = std::to_array<Metric<AuditCounters>>({
    counter(&AuditCounters::events, "chirm_audit_events_total", "Events of the audit log"),
    counter(&AuditCounters::summed_up, "chirm_audit_summed_up_total",
            "Events that are summed up in others"),
    counter(&AuditCounters::lost, "chirm_audit_lost_total",
            "Events that could not be written to the audit log"),
});
static_assert(covers<AuditCounters>(kAuditMetrics));

}  // namespace chirm
