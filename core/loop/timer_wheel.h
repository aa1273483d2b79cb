// SPDX-License-Identifier: MIT
#pragma once
// One deadline per connection, cheaply: a hashed timing wheel with a single uv timer. Setting or
// clearing a deadline is O(1) and allocates nothing. (Varghese & Lauck 1987, scheme 6.)
//
//   slot:  0   1   2   …  cursor  …  1023       one slot = kTickMs
//          entries whose deadline is in a later turn of the wheel stay in their slot

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
  // Runs once, at the deadline or up to two kTickMs later. May set a new deadline or destroy the
  // entry.
  virtual void on_deadline() = 0;

 protected:
  virtual ~WheelEntry() = default;

 private:
  friend class TimerWheel;
  std::uint64_t deadline_ms_ = 0;
};

class TimerWheel {
 public:
  static constexpr std::uint64_t kTickMs = 100;

  explicit TimerWheel(Loop& loop);

  // Replaces a deadline that was set before.
  void set(WheelEntry& entry, std::uint64_t delay_ms);
  void clear(WheelEntry& entry) { entry.unlink(); }

 private:
  static constexpr std::size_t kSlots = 1024;
  using List = IntrusiveList<WheelEntry, WheelTag>;

  void on_tick();

  Loop& loop_;
  Timer timer_;
  std::array<List, kSlots> slots_;
  std::uint64_t ticks_ = 0;  // ticks that were run since start_ms_
  std::uint64_t start_ms_;
};

}  // namespace chirm
