// SPDX-License-Identifier: MIT
#pragma once
// What has happened to accounts and sessions on this node since it started, for the metrics.

#include <array>
#include <cstdint>
#include <map>
#include <string>

#include "core/base/metric_table.h"

namespace chirm {

struct AccountCounters {
  // Log-ins and changes of a password, by how they ended.
  std::map<std::string, std::uint64_t> log_ins = {
      {"ok", 0}, {"failed", 0}, {"throttled", 0}, {"busy", 0}};
  std::uint64_t hash_queue = 0;  // passwords that wait to be hashed now
  std::uint64_t sessions_opened = 0;
  std::uint64_t sessions_refreshed = 0;
  std::uint64_t sessions_ended = 0;  // before they expired
};

inline constexpr LabelledMetric kAccountLogIns{&AccountCounters::log_ins, "chirm_log_ins_total",
                                               "Names with a password, by how they were answered",
                                               "result"};
inline constexpr auto kAccountMetrics = std::to_array<Metric<AccountCounters>>({
    gauge(&AccountCounters::hash_queue, "chirm_password_queue", "Passwords that wait to be hashed"),
    counter(&AccountCounters::sessions_opened, "chirm_sign_ins_opened_total",
            "Sessions opened, of accounts and guests"),
    counter(&AccountCounters::sessions_refreshed, "chirm_sign_ins_refreshed_total",
            "... gone on with a new refresh token"),
    counter(&AccountCounters::sessions_ended, "chirm_sign_ins_ended_total",
            "... ended before their time"),
});
static_assert(covers<AccountCounters, std::map<std::string, std::uint64_t>>(kAccountMetrics));

}  // namespace chirm
