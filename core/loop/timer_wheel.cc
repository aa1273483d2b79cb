// SPDX-License-Identifier: MIT
#include "core/loop/timer_wheel.h"

#include "core/loop/loop.h"

namespace chirm {

TimerWheel::TimerWheel(Loop& loop)
    : loop_(loop), timer_(loop, [this] { on_tick(); }), start_ms_(loop.now_ms()) {
  timer_.start_repeating(kTickMs);
}

void TimerWheel::set(WheelEntry& entry, std::uint64_t delay_ms) {
  entry.deadline_ms_ = loop_.now_ms() - start_ms_ + delay_ms;
  // The slot whose tick is the first at or after the deadline, and never one that is being run.
  const std::uint64_t tick = entry.deadline_ms_ / kTickMs + 1;
  slots_[(tick <= ticks_ ? ticks_ + 1 : tick) % kSlots].push_back(entry);
}

void TimerWheel::on_tick() {
  const std::uint64_t now_ticks = (loop_.now_ms() - start_ms_) / kTickMs;
  while (ticks_ < now_ticks) {
    ++ticks_;
    List due;
    due.take(slots_[ticks_ % kSlots]);
    while (WheelEntry* entry = due.pop_front()) {
      if (entry->deadline_ms_ / kTickMs + 1 > ticks_) {
        slots_[ticks_ % kSlots].push_back(*entry);  // a later turn of the wheel
      } else {
        entry->on_deadline();
      }
    }
  }
}

}  // namespace chirm
