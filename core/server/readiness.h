// SPDX-License-Identifier: MIT
#pragma once
// What /readyz says: whether new clients should be sent to this node, and if not, why and since
// when. Private to core/server.

#include <cstdint>
#include <string>
#include <vector>

#include "core/broker/broker_health.h"

namespace chirm {

// A line for each store that is not ready: "away: redis db1:6379: …, since 2026-01-31T12:00:00Z
// (12 s)". "" when all are.
std::string problems_text(const std::vector<StoreHealth>& stores, std::int64_t now_unix_ms);

}  // namespace chirm
