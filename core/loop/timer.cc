// SPDX-License-Identifier: MIT
#include "core/loop/timer.h"

#include <uv.h>

#include "core/base/check.h"
#include "core/loop/close_then_delete.h"
#include "core/loop/loop.h"

namespace chirm {

struct Timer::Impl : std::enable_shared_from_this<Timer::Impl> {
  explicit Impl(Loop& its_loop) : loop(its_loop) {}

  Loop& loop;
  UvBox<uv_timer_t> handle{new uv_timer_t};
  std::function<void()> on_time;

  static void on_timer_cb(uv_timer_t* handle) {
    // Keeps the function alive when it destroys its Timer.
    const auto self = static_cast<Impl*>(handle->data)->shared_from_this();
    self->loop.begin_turn();
    self->on_time();
  }
};

Timer::Timer(Loop& loop, std::function<void()> on_time) : impl_(std::make_shared<Impl>(loop)) {
  impl_->on_time = std::move(on_time);
  CHIRM_CHECK(impl_->on_time != nullptr);
  (void)uv_timer_init(loop.uv(), impl_->handle.get());  // never fails
  impl_->handle->data = impl_.get();
}

Timer::~Timer() { stop(); }

// Counted from the beginning of this turn, for that is the time that libuv knows: after long work
// in it the timer comes early by as much.
void Timer::start(std::uint64_t delay_ms) {
  const int rc = uv_timer_start(impl_->handle.get(), &Impl::on_timer_cb, delay_ms, 0);
  CHIRM_CHECK(rc == 0, rc);
}

void Timer::start_repeating(std::uint64_t period_ms) {
  CHIRM_CHECK(period_ms > 0);  // libuv would make it a timer that runs once
  const int rc = uv_timer_start(impl_->handle.get(), &Impl::on_timer_cb, period_ms, period_ms);
  CHIRM_CHECK(rc == 0, rc);
}

void Timer::stop() { (void)uv_timer_stop(impl_->handle.get()); }  // never fails

bool Timer::is_running() const {
  return uv_is_active(reinterpret_cast<uv_handle_t*>(impl_->handle.get())) != 0;
}

}  // namespace chirm
