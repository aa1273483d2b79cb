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

  // ---- Pauses: the process was stopped, or its machine slept

  // When the process has not run for longer than that, `on_pause` is told for how long: at the end
  // of the turn in which it shows (of the next, if it fell into the hooks), before the hooks. What
  // waits in sockets then may have been given up by its senders, and be there a second time by
  // another way. One function at a time; null: it is looked for no more. Time between two calls of
  // run() is no pause.
  void watch_pauses(std::uint64_t longer_than_ms, std::function<void(std::uint64_t ms)> on_pause);
  // True from when it shows until `on_pause` is told: no input is to be taken in meanwhile.
  bool has_paused() const { return paused_now_ms_ != 0; }
  // How much of now_ms() were such pauses.
  std::uint64_t paused_ms() const { return paused_ms_; }
  // For tests only: the time is so much later, as after skip_ms(), and that was a pause.
  void pause_ms(std::uint64_t ms);

  // How long turns took, from the first event to the sleep: so long others may have waited.
  const Durations& turns() const { return turns_; }

  // For what is called by libuv: an event of this turn is being handled.
  void begin_turn() {
    if (turn_begin_ns_ != 0) return;
    turn_begin_ns_ = clock_ns();
    if (on_pause_) look_for_pause();
  }
  uv_loop_s* uv() { return uv_.get(); }

 private:
  struct Impl;
  struct UvDelete {
    void operator()(uv_loop_s* loop) const;
  };
  void look_for_pause();
  void tell_pause();
  void end_turn();

  std::unique_ptr<uv_loop_s, UvDelete> uv_;
  std::unique_ptr<Impl> impl_;
  std::uint64_t turn_begin_ns_ = 0;  // 0: no event of the next turn has come yet
  std::uint64_t skipped_ms_ = 0;     // by skip_ms(), so 0 outside of tests
  Durations turns_;
  std::function<void(std::uint64_t ms)> on_pause_;
  std::uint64_t pause_min_ms_ = 0;
  // By a clock that goes on while the machine sleeps, as that of clock_ns() does not: until then it
  // has run, or meant to sleep. UINT64_MAX: until something happens.
  std::uint64_t awake_until_ns_ = 0;
  std::uint64_t asleep_ns_ = 0;      // so much that clock was ahead when it was last compared
  std::uint64_t paused_now_ms_ = 0;  // 0: nothing to tell
  std::uint64_t paused_ms_ = 0;
  std::uint64_t test_pause_ms_ = 0;  // by pause_ms(), not noticed yet
};

}  // namespace chirm
