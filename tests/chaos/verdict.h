// SPDX-License-Identifier: MIT
#pragma once
// What a run has shown: whether chirm kept its promises, and whether the faults that were meant to
// break them really happened. Pure.

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tests/chaos/load_journal.h"
#include "tests/chaos/metric_totals.h"

namespace chirm::chaos {

// In that time a client has noticed that its connection is gone, also on a busy machine. What the
// next fault does to it comes later.
inline constexpr std::uint64_t kNoticedUs = 10'000'000;

// What may come of a fault.
struct FaultKind {
  bool loses_store = false;  // acked messages may be gone from the store, through no fault of chirm
  bool kills_node = false;   // its clients are to be back soon
  bool takes_node = false;   // from the others, without a word: what it holds nobody can ask it
  bool restarts_store = false;  // nodes make sure that it has all that it had
};

// One fault that was injected. Times are microseconds of the monotonic clock.
struct FaultRecord {
  std::string name;
  FaultKind kind = {};
  std::uint64_t begin_us = 0;
  // When the first of those at once began, 0 when there were no others: its clients may have lost
  // their connection by another one, shortly before.
  std::uint64_t round_us = 0;
  // When its effects were over. With others at once, when those of all were: a node that was frozen
  // meanwhile learns only then what the store has lost.
  std::uint64_t end_us = 0;
  std::size_t clients = 0;  // that were on what was killed
  std::string what = {};    // what was done, for people
  std::string trace = {};   // what showed that it had an effect; "" when nothing did

  // Whoever loses the connection from then on may be one of its clients.
  std::uint64_t victims_from_us() const { return round_us == 0 ? begin_us : round_us; }
};

// What chirm-load reports (--json).
struct LoadReport {
  std::map<std::string, std::uint64_t> violations;
  std::uint64_t delivered = 0;
  std::uint64_t failed = 0;
  std::uint64_t unanswered = 0;
  std::uint64_t resets = 0;
  std::uint64_t resubscribed = 0;
  std::uint64_t never_joined = 0;
  std::uint64_t away = 0;
  std::uint64_t gone_for_good = 0;
  std::uint64_t vanished = 0;

  // nullopt when it is not such a report, or one of these is not in it.
  static std::optional<LoadReport> parse(const std::string& json);
};

struct Percentiles {
  std::size_t count = 0;
  double p50_ms = 0;
  double p99_ms = 0;
  double max_ms = 0;
};

struct Verdict {
  // Everything that speaks against the run, a line each.
  std::vector<std::string> complaints;
  // By kind, without what is excused.
  std::map<std::string, std::uint64_t> violations;
  // Consequences of the store's losing what it had: told and not hidden.
  std::uint64_t excused = 0;
  std::uint64_t resets = 0;        // excused, too
  std::uint64_t resubscribed = 0;  // excused, too
  // From the kill of a node to when its clients had caught up.
  Percentiles caught_up;
  std::size_t node_kills = 0;

  bool is_good() const { return complaints.empty(); }
};

// From the kill of a node to its clients caught up, milliseconds; 0 for any time.
struct TimeLimits {
  double p50_ms = 0;
  double p99_ms = 0;
};

struct Evidence {
  const std::optional<LoadReport>& report;
  const LoadJournal& journal;
  const std::vector<FaultRecord>& faults;
  const std::vector<std::string>& troubles;  // the driver's own, e.g. a node that did not stop
  const std::vector<Violation>& more;        // what others than chirm-load have found
  const MetricTotals& totals;                // of the nodes
  TimeLimits limits = {};
  std::uint64_t history_ttl_s = 0;  // 0: histories do not lapse
};

Verdict judge(const Evidence& evidence);

}  // namespace chirm::chaos
