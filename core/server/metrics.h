// SPDX-License-Identifier: MIT
#pragma once
// A node's counters in the Prometheus text format (prometheus-cpp makes the text).

#include <string>
#include <vector>

#include "core/base/durations.h"
#include "core/broker/broker_counters.h"
#include "core/broker/broker_health.h"
#include "core/chat/chat_counters.h"
#include "core/server/server_counters.h"

namespace chirm {

std::string metrics_text(const ServerCounters& server, const ChatCounters& chat,
                         const BrokerCounters& broker, const std::vector<StoreHealth>& stores,
                         const Durations& turns);

}  // namespace chirm
