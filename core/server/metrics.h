// SPDX-License-Identifier: MIT
#pragma once
// A node's counters in the Prometheus text format (prometheus-cpp makes the text).

#include <optional>
#include <string>
#include <vector>

#include "core/accounts/account_counters.h"
#include "core/base/durations.h"
#include "core/broker/broker_counters.h"
#include "core/broker/broker_health.h"
#include "core/chat/chat_counters.h"
#include "core/server/server_counters.h"

namespace chirm {

std::string metrics_text(const ServerCounters& server, const ChatCounters& chat,
                         const BrokerCounters& broker, const std::vector<StoreHealth>& stores,
                         const Durations& turns, const std::optional<AccountCounters>& accounts);

}  // namespace chirm
