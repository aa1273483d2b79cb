// SPDX-License-Identifier: MIT
#pragma once
// A verdict as text for people, and as JSON. Pure.

#include <string>
#include <vector>

#include "tests/chaos/metric_totals.h"
#include "tests/chaos/settings.h"
#include "tests/chaos/verdict.h"

namespace chirm::chaos {

std::string to_text(const Verdict& verdict, const std::vector<FaultRecord>& faults,
                    const MetricTotals& totals);
std::string to_json(const Verdict& verdict, const Settings& settings,
                    const std::vector<FaultRecord>& faults, const MetricTotals& totals);

}  // namespace chirm::chaos
