// SPDX-License-Identifier: MIT
#include "bench/load/pacer.h"

#include <sys/timerfd.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

#include "bench/load/clock.h"
#include "core/base/check.h"
#include "core/loop/loop.h"

namespace chirm::load {

Pacer::Pacer(Loop& loop, std::vector<std::uint32_t> mine, std::uint32_t authors, double rate,
             OnDue on_due)
    : mine_(std::move(mine)),
      authors_(authors),
      interval_us_(1e6 / rate),
      on_due_(std::move(on_due)),
      // A descriptor of its own: the loop's timers count whole milliseconds, in which a fast
      // publisher has many messages due.
      timer_(timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC)),
      watcher_(loop, timer_.fd(), [this](auto) { on_timer(); }) {
  CHIRM_CHECK(timer_.is_open(), errno);
  watcher_.watch({.readable = true});
}

void Pacer::start(std::uint64_t start_us) {
  start_us_ = start_us;
  is_running_ = !mine_.empty();
  arm();
}

void Pacer::stop() { is_running_ = false; }

std::uint64_t Pacer::next_us() const {
  // Counted from the start each time, not from the message before: rounding does not add up, and
  // whoever is late catches up, so that the rate holds. All workers count alike: author k of all
  // has every message whose number is k, modulo the number of authors.
  const double number = static_cast<double>(round_ * authors_ + mine_[place_]);
  return start_us_ + static_cast<std::uint64_t>(number * interval_us_);
}

std::uint64_t Pacer::count_overdue(std::uint64_t until_us) {
  std::uint64_t count = 0;
  for (; next_us() < until_us; advance()) ++count;
  return count;
}

void Pacer::advance() {
  if (++place_ < mine_.size()) return;
  place_ = 0;
  ++round_;
}

void Pacer::on_timer() {
  std::uint64_t expirations = 0;
  (void)read(timer_.fd(), &expirations, sizeof expirations);  // EAGAIN after an early wake-up
  const std::uint64_t now = now_us();
  // After a stall many are due at once. In between the loop must read, or the stall would go on.
  for (int i = 0; i < kDueMax && is_running_ && next_us() <= now; ++i) {
    const std::uint64_t due_us = next_us();
    const std::uint32_t author = mine_[place_];
    advance();
    on_due_(author, due_us);
  }
  arm();
}

void Pacer::arm() {
  if (!is_running_) return;
  const std::uint64_t due_us = next_us();
  itimerspec when{};
  when.it_value.tv_sec = static_cast<time_t>(due_us / 1'000'000);
  when.it_value.tv_nsec = static_cast<long>(due_us % 1'000'000 * 1000) + 1;  // 0 would disarm
  const int rc = timerfd_settime(timer_.fd(), TFD_TIMER_ABSTIME, &when, nullptr);
  CHIRM_CHECK(rc == 0, errno);
}

}  // namespace chirm::load
