// SPDX-License-Identifier: MIT
#include "core/loop/timer_wheel.h"

#include "core/base/check.h"
#include "core/loop/loop.h"

namespace chirm {

namespace {
constexpr std::size_t kCheckedMax = 64;  // entries of a slot, from either end
}  // namespace

TimerWheel::TimerWheel(Loop& loop)
    : loop_(loop), timer_(loop, [this] { on_tick(); }), start_ms_(loop.now_ms()) {
  timer_.start_repeating(kTickMs);
}

void TimerWheel::set(WheelEntry& entry, std::uint64_t delay_ms) {
  entry.deadline_ms_ = loop_.now_ms() - start_ms_ + delay_ms;
  const std::uint64_t tick = tick_of(entry);
  // The loop's clock does not go back, so even without a delay the tick is still to come.
  CHIRM_CHECK(tick > ticks_, tick, ticks_, delay_ms);
  slots_[tick % kSlots].push_back(entry);
}

// A turn of the loop that took long leaves several ticks behind: they are made up for one by one,
// each with its own slot, or the entries of a slot that is skipped would wait a whole turn more.
void TimerWheel::on_tick() {
  const std::uint64_t now_ticks = (loop_.now_ms() - start_ms_) / kTickMs;
  while (ticks_ < now_ticks) {
    ++ticks_;
    List& slot = slots_[ticks_ % kSlots];
    // Taken out first: a callback may set its entry again, and what comes back into this very slot
    // must not be met in the same round.
    List due;
    due.take(slot);
    while (WheelEntry* entry = due.pop_front()) {
      if (tick_of(*entry) > ticks_) {
        slot.push_back(*entry);  // of a later turn of the wheel
      } else {
        entry->on_deadline();
      }
    }
  }
}

void TimerWheel::check() const {
  checked_slot_ = (checked_slot_ + 1) % kSlots;
  slots_[checked_slot_].check(kCheckedMax, [this](const WheelEntry& entry) {
    const std::uint64_t tick = tick_of(entry);
    CHIRM_CHECK(tick % kSlots == checked_slot_, tick, checked_slot_);
    CHIRM_CHECK(tick > ticks_, tick, ticks_, entry.deadline_ms_);
  });
}

}  // namespace chirm
