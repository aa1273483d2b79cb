// SPDX-License-Identifier: MIT
#pragma once
// The outcome of a run: for people as text, and every figure as JSON. Pure.

#include <optional>
#include <string>

#include "bench/load/figures.h"
#include "bench/load/process_usage.h"
#include "bench/load/settings.h"

namespace chirm::load {

// Of the server processes, if they were named and lived through the measured interval.
struct ServerUsage {
  ProcessUsage empty;      // before the clients came
  ProcessUsage connected;  // when all were subscribed, before any message
  ProcessUsage from;       // the measured interval
  ProcessUsage to;
};

struct Report {
  Result total;  // of all workers
  std::optional<ServerUsage> server;
  bool is_interrupted = false;

  // What a reader wants, derived from the counts. 0 where nothing was measured.
  double measured_s() const;
  double deliveries_per_s() const;
  double connects_per_s() const;
  double server_cpu_s() const;  // scaled to the interval in which the workers counted
  double deliveries_per_server_cpu_s() const;
  double server_cpu_us_per_delivery() const;
  double rss_kib_per_connection() const;

  std::uint64_t violations() const;
  // Of all rooms.
  Counts counts() const;
  std::uint64_t never_joined(const Settings& settings) const;
  // True when messages were sent and not one was acked or delivered: nothing was verified.
  bool is_empty() const;
  bool is_good(const Settings& settings) const;
};

// Adds the result of one worker to the total.
void add_result(Result& total, const Result& one);

std::string to_text(const Report& report, const Settings& settings);
std::string to_json(const Report& report, const Settings& settings);

}  // namespace chirm::load
