// SPDX-License-Identifier: MIT
#pragma once
// Everything of a run that is alive: the cluster, chirm-load against its nginx, what they have told
// so far, and the time. Lives on the driver's loop, which runs only within wait(), wait_until() and
// what starts processes.

#include <coroutine>
#include <cstdint>
#include <functional>
#include <list>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include "client/options.h"
#include "core/base/random.h"
#include "core/base/task.h"
#include "core/loop/loop.h"
#include "core/loop/signal_watcher.h"
#include "tests/chaos/copies.h"
#include "tests/chaos/load_journal.h"
#include "tests/chaos/metric_totals.h"
#include "tests/chaos/settings.h"
#include "tests/support/cluster.h"
#include "tests/support/loop_runner.h"
#include "tests/support/stepped_clock.h"
#include "tests/support/temp_directory.h"

namespace chirm::chaos {

// Thrown by whatever waits: the run is to end now.
struct Interrupted : std::runtime_error {
  using std::runtime_error::runtime_error;
};

std::uint64_t now_us();

// Many functions: what faults do to the parts, each in a line or two. Many members: the parts.
class Arena {
 public:
  // What a fault waits for, in the order of time with the others that are injected at once. It goes
  // on between two runs of the loop, so that it may run the loop itself.
  class [[nodiscard]] Pause {
   public:
    Pause(Arena& arena, std::function<bool()> is_true, std::uint64_t deadline_ms)
        : arena_(arena), is_true_(std::move(is_true)), ends_us_(now_us() + 1000 * deadline_ms) {}
    ~Pause() { arena_.pauses_.remove(this); }
    Pause(const Pause&) = delete;
    Pause& operator=(const Pause&) = delete;
    bool await_ready() const noexcept { return false; }
    void await_suspend(std::coroutine_handle<> waiting) {
      waiting_ = waiting;
      arena_.pauses_.push_back(this);
    }
    // Whether it became true in time.
    bool await_resume() const noexcept { return was_true_; }

   private:
    friend class Arena;
    bool is_over();

    Arena& arena_;
    std::function<bool()> is_true_;
    std::uint64_t ends_us_;
    std::coroutine_handle<> waiting_;
    bool was_true_ = false;
  };

  // Starts the cluster. settings must outlive the arena.
  explicit Arena(const Settings& settings);
  ~Arena();

  // Starts chirm-load; returns when its messages begin to flow.
  void start_load();
  // Ends the traffic; returns chirm-load's report when everything has been verified, "" when there
  // is none.
  std::string stop_load();
  // Runs a chirm-load of its own, against its --url, beside the other one and to its end. It is a
  // trouble when that finds something.
  void run_load(std::vector<std::string> arguments);
  // Stops the nodes, and tells what was wrong with them.
  void stop();

  void wait(std::uint64_t ms);
  // Runs tasks that pause, until is_over. They are to be in scope.
  void run(const std::function<bool()>& is_over);
  Pause pause(std::uint64_t ms) {
    return Pause(
        *this, [] { return false; }, ms);
  }
  Pause pause_until(std::function<bool()> is_true,
                    std::uint64_t deadline_ms = testing::kDeadlineMs) {
    return Pause(*this, std::move(is_true), deadline_ms);
  }
  // Whether it became true in time.
  bool wait_until(const std::function<bool()>& is_true,
                  std::uint64_t deadline_ms = testing::kDeadlineMs);

  // Starts the nodes again that have ended without being told to; each is a trouble.
  void revive_nodes();
  // Returns when that was: now_us().
  std::uint64_t kill_node(std::size_t node);
  // SIGTERM. Then it should end by itself, …
  void begin_drain(std::size_t node);
  // … which it should have by now.
  void end_drain(std::size_t node);
  // Whether it has given up its lease. It has ended.
  bool has_left(std::size_t node) const;
  void start_node(std::size_t node);
  void suspend_node(std::size_t node);
  void resume_node(std::size_t node);
  void kill_nginx() { cluster_->kill_nginx(); }

  // A counter summed over all nodes and over all their processes so far.
  double total(std::string_view counter);
  const MetricTotals& totals() const { return totals_; }

  Loop& loop() { return loop_; }
  // How the user "editor" connects.
  client::Options editor_options() const;
  testing::Cluster& cluster() { return *cluster_; }
  testing::RedisServer& redis() { return cluster_->redis(); }
  // Of one Redis, or of the file.
  const Copies& copies() const { return copies_; }
  void copy_store();
  // With Store::kFile.
  std::string store_path() const { return directory_.path() + "/rooms.db"; }
  // With Settings::faketime.
  testing::SteppedClock& clock(std::size_t node) { return *clocks_[node]; }
  testing::SteppedClock& redis_clock() { return *clocks_.back(); }
  LoadJournal& journal() { return journal_; }
  // A fault has this node until it gives it back; at least one must be free. Any, or with
  // has_clients, if there is one, the next that has some.
  std::size_t take_node(Random& random, bool has_clients);
  void give_back(std::size_t node) { taken_[node] = false; }
  std::size_t sessions(std::size_t node) const;
  bool are_nodes_ready() const;  // all that no fault has
  std::size_t all_sessions() const;

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
  bool is_interrupted_ = false;
  SignalWatcher on_interrupt_;
  SignalWatcher on_terminate_;
  LoadJournal journal_;
  MetricTotals totals_;
  std::vector<bool> suspended_;  // by node
  std::vector<bool> taken_;      // by node
  std::list<Pause*> pauses_;     // of tasks that are suspended, which own them
  std::vector<std::string> troubles_;
  Copies copies_;
  std::vector<std::unique_ptr<testing::SteppedClock>> clocks_;  // of the nodes, and of Redis
  std::unique_ptr<testing::Cluster> cluster_;
  std::unique_ptr<testing::Process> load_;
};

}  // namespace chirm::chaos
