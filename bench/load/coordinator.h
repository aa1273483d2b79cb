// SPDX-License-Identifier: MIT
#pragma once
// The parent process of a run: starts the workers, tells them when to begin and what every
// subscriber is owed, shows progress, measures the server, and puts the results together.

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "bench/load/figures.h"
#include "bench/load/journal.h"
#include "bench/load/pipe.h"
#include "bench/load/report.h"
#include "bench/load/settings.h"

namespace chirm::load {

// Compares what the workers saw: the same life of a room must be the same for all. Returns what is
// wrong with it, as violations.
Violations compare_tips(const std::vector<Tip>& tips);

// How far each life of a room goes at least, over all workers.
std::vector<Tip> furthest_tips(const std::vector<Tip>& tips);

// Its members are what a run goes through, in this order, and what is shown of it meanwhile.
class Coordinator {
 public:
  // settings must outlive the coordinator.
  explicit Coordinator(const Settings& settings)
      : settings_(settings), journal_(settings.journal) {}
  ~Coordinator();

  // Returns the exit code.
  int run();

 private:
  struct Child {
    Child(pid_t the_pid, Pipe the_pipe) : pid(the_pid), pipe(std::move(the_pipe)) {}

    pid_t pid;
    Pipe pipe;
    Progress progress;
    std::vector<Tip> tips;
    std::optional<Result> result;
    bool is_ready = false;
    bool has_tips = false;
    bool is_gone = false;
  };
  enum class Moment : std::uint8_t { kReady, kTips, kResult };

  void start_workers();
  // Until all workers have come to that moment. False when one died.
  bool wait_for(Moment moment);
  bool is_past(const Child& child, Moment moment) const;
  void on_message(Child& child, const PipeMessage& message);
  void send_all(Kind kind, std::string_view body);
  bool start_traffic();
  void measure_server();
  void read_server(ProcessUsage& usage);
  int finish();

  void show_progress();
  void clear_progress() const;
  void fail(const std::string& why) const;

  const Settings& settings_;
  Journal journal_;
  std::vector<Child> children_;
  Plan plan_;
  Report report_;
  ServerUsage server_;
  bool has_from_ = false;
  bool has_to_ = false;
  bool is_server_gone_ = false;  // a server process could not be read any more
  bool is_stop_sent_ = false;
  std::uint64_t begun_us_ = 0;
  std::uint64_t shown_us_ = 0;
};

}  // namespace chirm::load
