// SPDX-License-Identifier: MIT
#pragma once
// What a worker's clients do to themselves while messages go round: leave and come back, vanish,
// stop reading. At the rates of the settings, to clients that chance picks. Not to the probes: a
// worker that has them has no disturbance.

#include <cstdint>
#include <deque>
#include <memory>
#include <vector>

#include "bench/load/figures.h"
#include "bench/load/member.h"
#include "bench/load/settings.h"
#include "core/base/random.h"
#include "core/loop/socket.h"

namespace chirm::load {

class Disturbance {
 public:
  using Members = std::vector<std::unique_ptr<Member>>;

  // The references must outlive it. There must be members by the first call of run().
  Disturbance(const Settings& settings, const Members& members, Figures& figures,
              std::uint64_t seed)
      : settings_(settings), members_(members), figures_(figures), random_(seed) {}

  // What is due of `ms` milliseconds.
  void run(std::uint64_t ms);
  // Those whose time is over by then read on.
  void end_stalls(std::uint64_t now_us);

 private:
  struct Stall {
    Member* member;
    std::uint64_t ends_us;
  };

  Member& random_member();
  void churn();
  void vanish();
  void stall();

  const Settings& settings_;
  const Members& members_;
  Figures& figures_;
  Random random_;
  double churn_due_ = 0;  // how many are to do it; a fraction waits for the next time
  double vanish_due_ = 0;
  double stall_due_ = 0;
  bool is_next_churn_graceful_ = false;
  bool is_next_vanish_silent_ = false;
  std::deque<Socket> abandoned_;  // by those who vanished in silence, the oldest first
  std::deque<Stall> stalls_;      // the first to end first
};

}  // namespace chirm::load
