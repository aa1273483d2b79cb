// SPDX-License-Identifier: MIT
#pragma once
// Everything of a run that is alive: the cluster, chirm-load against its nginx, what they have told
// so far, and the time. Lives on the driver's loop, which runs only within wait(), wait_until() and
// what starts processes.

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include "core/base/random.h"
#include "core/loop/loop.h"
#include "core/loop/signal_watcher.h"
#include "tests/chaos/load_journal.h"
#include "tests/chaos/metric_totals.h"
#include "tests/chaos/settings.h"
#include "tests/support/cluster.h"
#include "tests/support/loop_runner.h"
#include "tests/support/temp_directory.h"

namespace chirm::chaos {

// Thrown by whatever waits: the run is to end now.
struct Interrupted : std::runtime_error {
  using std::runtime_error::runtime_error;
};

std::uint64_t now_us();

class Arena {
 public:
  // Starts the cluster. settings must outlive the arena.
  explicit Arena(const Settings& settings);
  ~Arena();

  // Starts chirm-load; returns when its messages begin to flow.
  void start_load();
  // Ends the traffic; returns chirm-load's report when everything has been verified, "" when there
  // is none.
  std::string stop_load();
  // Runs a chirm-load of its own beside the other one, to its end. It is a trouble when that finds
  // something.
  void run_load(std::vector<std::string> arguments);
  // Stops the nodes, and tells what was wrong with them.
  void stop();

  void wait(std::uint64_t ms);
  // Whether it became true in time.
  bool wait_until(const std::function<bool()>& is_true,
                  std::uint64_t deadline_ms = testing::kDeadlineMs);

  // Starts the nodes again that have ended without being told to; each is a trouble.
  void revive_nodes();
  // Returns when that was: now_us().
  std::uint64_t kill_node(std::size_t node);
  // SIGTERM; returns when the node has ended by itself.
  void drain_node(std::size_t node);
  void start_node(std::size_t node);
  void suspend_node(std::size_t node);
  void resume_node(std::size_t node);
  void kill_nginx() { cluster_->kill_nginx(); }

  // A counter summed over all nodes and over all their processes so far.
  double total(std::string_view counter);
  const MetricTotals& totals() const { return totals_; }

  testing::Cluster& cluster() { return *cluster_; }
  testing::RedisServer& redis() { return cluster_->redis(); }
  Random& random() { return random_; }
  // What is drawn from here on depends on nothing else.
  void reseed(std::uint64_t seed) { random_ = Random(seed); }
  LoadJournal& journal() { return journal_; }
  std::size_t random_node() { return random_.between(0, cluster_->nodes() - 1); }
  // One that has clients, once there is one: any, or the next that has some.
  std::size_t random_busy_node();
  std::size_t sessions(std::size_t node) const;
  bool are_nodes_ready() const;  // all of them
  std::size_t all_sessions() const;
  std::uint64_t random_ms(std::uint64_t low, std::uint64_t high) {
    return random_.between(low, high);
  }

  // What went wrong beside what clients saw.
  std::vector<std::string>& troubles() { return troubles_; }
  void keep_logs(const std::string& directory);

 private:
  void scrape(std::size_t node);
  // Whether the node has ended, which is a trouble.
  bool note_death(std::size_t node);
  void check() const;

  const Settings& settings_;
  testing::TempDirectory directory_;
  Loop loop_;
  Random random_;
  bool is_interrupted_ = false;
  SignalWatcher on_interrupt_;
  SignalWatcher on_terminate_;
  LoadJournal journal_;
  MetricTotals totals_;
  std::vector<bool> suspended_;  // by node
  std::vector<std::string> troubles_;
  std::unique_ptr<testing::Cluster> cluster_;
  std::unique_ptr<testing::Process> load_;
};

}  // namespace chirm::chaos
