// SPDX-License-Identifier: MIT
#include "core/loop/timer.h"

#include <uv.h>

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
  uv_timer_init(loop.uv(), impl_->handle.get());
  impl_->handle->data = impl_.get();
}

Timer::~Timer() { stop(); }

void Timer::start(std::uint64_t delay_ms) {
  uv_timer_start(impl_->handle.get(), &Impl::on_timer_cb, delay_ms, 0);
}

void Timer::start_repeating(std::uint64_t period_ms) {
  uv_timer_start(impl_->handle.get(), &Impl::on_timer_cb, period_ms, period_ms);
}

void Timer::stop() { uv_timer_stop(impl_->handle.get()); }

bool Timer::is_running() const {
  return uv_is_active(reinterpret_cast<uv_handle_t*>(impl_->handle.get())) != 0;
}

}  // namespace chirm
