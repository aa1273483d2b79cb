// SPDX-License-Identifier: MIT
#pragma once
// The event loop of a process: a libuv loop plus the two moments a turn needs. One thread; nothing
// here may be called from another one.
//
// A turn: timers → I/O callbacks → turn-end hooks, in the order they were added → the loop sleeps
// until the next event. A hook that has more to do (TurnEnd::kMore) keeps the loop from sleeping:
// I/O that is ready is handled first, then the hooks run again.

#include <cstdint>
#include <functional>
#include <memory>

#include "core/base/durations.h"

struct uv_loop_s;

namespace chirm {

class Loop {
 public:
  enum class TurnEnd : std::uint8_t { kDone, kMore };

  // Private to loop.cc.
  struct Hook;
  struct RemoveHook {
    void operator()(Hook* hook) const;
  };
  // A hook, which is called until this is destroyed or reset, and not once more after that. Any
  // hook may be destroyed from within any other, or itself.
  using TurnEndHook = std::unique_ptr<Hook, RemoveHook>;

  Loop();
  // Everything on the loop must be gone or closing, and its hooks gone.
  ~Loop();
  Loop(const Loop&) = delete;
  Loop& operator=(const Loop&) = delete;

  // Runs until stop(). Not from within a turn.
  void run();
  // Returns from run() at the end of this turn.
  void stop();
  // Runs turns until nothing is left open, e.g. to let close callbacks run at the end of a program.
  // Not from within a turn.
  void run_until_closed();

  // Calls `hook` at the end of each turn, of this one too. When hooks are being called already, it
  // is called behind them, in the same turn.
  [[nodiscard]] TurnEndHook add_turn_end_hook(std::function<TurnEnd()> hook);

  // Milliseconds of a monotonic clock, taken once per turn.
  std::uint64_t now_ms() const;
  // Unix time in milliseconds, now.
  std::int64_t unix_ms() const;
  // Nanoseconds of a monotonic clock, now, for how long something takes. skip_ms() leaves it alone.
  static std::uint64_t clock_ns();
  // For tests only, which would have to wait otherwise: now_ms() and unix_ms() are so much later at
  // once, as after a pause of the process. Timers that had less to go are due in a millisecond, in
  // their order and never from within this call. The others have so much less to go.
  void skip_ms(std::uint64_t ms);

  // How long turns took, from the first event to the sleep: so long others may have waited.
  const Durations& turns() const { return turns_; }

  // For what is called by libuv: an event of this turn is being handled.
  void begin_turn() {
    if (turn_begin_ns_ == 0) turn_begin_ns_ = clock_ns();
  }
  uv_loop_s* uv() { return uv_.get(); }

 private:
  struct Impl;
  struct UvDelete {
    void operator()(uv_loop_s* loop) const;
  };
  void end_turn();

  std::unique_ptr<uv_loop_s, UvDelete> uv_;
  std::unique_ptr<Impl> impl_;
  std::uint64_t turn_begin_ns_ = 0;  // 0: no event of the next turn has come yet
  std::uint64_t skipped_ms_ = 0;     // by skip_ms(), so 0 outside of tests
  Durations turns_;
};

}  // namespace chirm
