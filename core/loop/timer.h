// SPDX-License-Identifier: MIT
#pragma once
// A timer on the loop. For one per connection use TimerWheel instead: this one costs 152 bytes and
// a heap operation for each change.

#include <cstdint>
#include <functional>
#include <memory>

namespace chirm {

class Loop;

class Timer {
 public:
  // The loop must outlive the timer. on_time may start, stop or destroy the timer.
  Timer(Loop& loop, std::function<void()> on_time);
  ~Timer();
  Timer(const Timer&) = delete;
  Timer& operator=(const Timer&) = delete;

  // Runs on_time once, `delay_ms` from the beginning of this turn; never from within this call.
  // Replaces what was set before.
  void start(std::uint64_t delay_ms);
  // Runs on_time after each period, which is not 0, until stop().
  void start_repeating(std::uint64_t period_ms);
  void stop();
  bool is_running() const;

 private:
  struct Impl;
  std::shared_ptr<Impl> impl_;  // shared with a running callback only
};

}  // namespace chirm
