// SPDX-License-Identifier: MIT
#pragma once
// One deadline per connection, cheaply: a hashed timing wheel with a single uv timer. Setting or
// clearing a deadline is O(1) and allocates nothing. (Varghese & Lauck 1987, scheme 6.)
//
//   slot:  0   1   2   …  cursor  …  1023       one slot = kTickMs, one turn = 102.4 s
//
// The cursor goes one slot on in each tick. An entry lies in the slot of the tick that runs it,
// modulo the number of slots; one of a later turn of the wheel stays there until its turn has come.

#include <array>
#include <cstdint>

#include "core/base/intrusive_list.h"
#include "core/loop/timer.h"

namespace chirm {

class Loop;
struct WheelTag;

// Something with at most one deadline. Leaves the wheel when destroyed.
class WheelEntry : public ListHook<WheelTag> {
 public:
  // Runs once, at the deadline or up to two kTickMs later, and never before it. May set a new
  // deadline or destroy the entry, and any other.
  virtual void on_deadline() = 0;

 protected:
  virtual ~WheelEntry() = default;

 private:
  friend class TimerWheel;
  std::uint64_t deadline_ms_ = 0;  // since the wheel was made
};

class TimerWheel {
 public:
  static constexpr std::uint64_t kTickMs = 100;

  // loop must outlive the wheel.
  explicit TimerWheel(Loop& loop);

  // `delay_ms` from the beginning of this turn. Replaces a deadline that was set before.
  void set(WheelEntry& entry, std::uint64_t delay_ms);
  void clear(WheelEntry& entry) { entry.unlink(); }

  // Ends the process unless the entries of one slot lie where they belong, and none is overdue. The
  // next call looks at the next slot, so that each costs little.
  void check() const;

 private:
  static constexpr std::size_t kSlots = 1024;
  using List = IntrusiveList<WheelEntry, WheelTag>;

  // The first tick that is not before the deadline.
  static std::uint64_t tick_of(const WheelEntry& entry) { return entry.deadline_ms_ / kTickMs + 1; }
  void on_tick();

  Loop& loop_;
  Timer timer_;
  std::array<List, kSlots> slots_;
  std::uint64_t ticks_ = 0;  // ticks that were run since start_ms_
  const std::uint64_t start_ms_;
  mutable std::size_t checked_slot_ = 0;  // by the last check()
};

}  // namespace chirm
