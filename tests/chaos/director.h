// SPDX-License-Identifier: MIT
#pragma once
// The course of a run: start, fault after fault, healing, verdict. Tells it on stdout, or on stderr
// when the verdict's JSON goes to stdout.

#include <cstdint>
#include <iosfwd>
#include <memory>
#include <string>
#include <vector>

#include "tests/chaos/api_traffic.h"
#include "tests/chaos/arena.h"
#include "tests/chaos/edit_traffic.h"
#include "tests/chaos/faults.h"
#include "tests/chaos/settings.h"
#include "tests/chaos/verdict.h"

namespace chirm::chaos {

class Director {
 public:
  // settings must outlive the director.
  explicit Director(const Settings& settings);

  // Returns the exit code.
  int run();

 private:
  void run_faults();
  // At once; returns when all are repaired and their effects over.
  void inject(const std::vector<const Fault*>& faults);
  // The next ones: all of them in a random order, then all again in another. None when there is
  // none to be injected.
  std::vector<const Fault*> next_faults();
  void fill_bag();
  // Whether all faults are such that chirm-load does.
  bool is_left_to_load() const;
  void record_vanished(const LoadReport& report);
  void heal();
  // What is published beside chirm-load. end_other_traffic() returns what is wrong.
  void start_other_traffic();
  std::vector<Violation> end_other_traffic();
  int finish(const Verdict& verdict);
  void keep_logs(const std::string& directory);
  std::ostream& tell() const;

  const Settings& settings_;
  std::unique_ptr<Arena> arena_;
  std::unique_ptr<ApiTraffic> api_;
  std::unique_ptr<EditTraffic> edits_;
  Random random_;
  std::vector<const Fault*> bag_;
  std::vector<FaultRecord> records_;
  std::uint64_t begun_us_ = 0;
};

}  // namespace chirm::chaos
