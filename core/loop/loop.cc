// SPDX-License-Identifier: MIT
#include "core/loop/loop.h"

#include <time.h>
#include <uv.h>

#include <algorithm>
#include <chrono>
#include <utility>
#include <vector>

#include "core/base/check.h"

namespace chirm {

namespace {
std::uint64_t boot_clock_ns() {
  timespec now{};
  const int rc = clock_gettime(CLOCK_BOOTTIME, &now);
  CHIRM_CHECK(rc == 0);
  return static_cast<std::uint64_t>(now.tv_sec) * 1'000'000'000 +
         static_cast<std::uint64_t>(now.tv_nsec);
}
}  // namespace

// The hooks run in uv's prepare phase, right before it blocks: everything that poll, timers and
// closing callbacks queued is caught, also with libuv >= 1.45, which runs timers later. An idle
// handle that is active makes the poll phase return at once.
//
// libuv skips this phase for as long as its own epoll returns full batches, up to 48 of 1,024
// events. Sockets are not in that set: there is one descriptor for all of them (see Poller), so
// that a turn is bounded, and the flush at its end comes.
struct Loop::Impl {
  Loop* loop = nullptr;
  uv_prepare_t prepare;
  uv_idle_t idle;
  // In the order in which they were added. Null where one was removed while hooks are being called.
  std::vector<Hook*> hooks;
  std::vector<std::unique_ptr<Hook>> removed;  // since the hooks are being called
  bool is_calling_hooks = false;
  bool is_running = false;  // uv_run is on the stack, which must not be entered twice

  static void on_prepare_cb(uv_prepare_t* handle) {
    auto* self = static_cast<Impl*>(handle->data);
    self->loop->begin_turn();  // a turn that only made calls of timers, or none at all
    self->loop->tell_pause();
    const bool more = self->call_hooks();
    // A pause that fell into the hooks is told in the next turn, which does not wait for an event.
    if (self->loop->on_pause_) self->loop->look_for_pause();
    if (more || self->loop->has_paused()) {
      uv_idle_start(&self->idle, [](uv_idle_t*) {});
    } else {
      uv_idle_stop(&self->idle);
    }
    self->loop->end_turn();
  }
  bool call_hooks();
  void remove(std::unique_ptr<Hook> hook);
};

struct Loop::Hook {
  Impl& impl;
  std::function<TurnEnd()> call;
};

// Returns whether one of them has more to do. By index, since a hook may add others.
bool Loop::Impl::call_hooks() {
  bool more = false;
  is_calling_hooks = true;
  for (std::size_t i = 0; i < hooks.size(); ++i) {
    if (hooks[i] != nullptr) more |= hooks[i]->call() == TurnEnd::kMore;
  }
  is_calling_hooks = false;
  if (!removed.empty()) {
    std::erase(hooks, nullptr);
    removed.clear();
  }
  return more;
}

// While hooks are being called, the others keep their places, and a function that removes itself
// lives until it has returned.
void Loop::Impl::remove(std::unique_ptr<Hook> hook) {
  const auto found = std::ranges::find(hooks, hook.get());
  CHIRM_CHECK(found != hooks.end(), hooks.size());
  if (is_calling_hooks) {
    *found = nullptr;
    removed.push_back(std::move(hook));
  } else {
    hooks.erase(found);
  }
}

void Loop::RemoveHook::operator()(Hook* hook) const {
  hook->impl.remove(std::unique_ptr<Hook>(hook));
}

void Loop::UvDelete::operator()(uv_loop_s* loop) const {
  const int rc = uv_loop_close(loop);
  CHIRM_CHECK(rc == 0, rc);  // UV_EBUSY: something on the loop was not closed
  delete loop;
}

Loop::Loop() : uv_(new uv_loop_t), impl_(std::make_unique<Impl>()) {
  CHIRM_CHECK(uv_loop_init(uv_.get()) == 0);
  (void)uv_prepare_init(uv_.get(), &impl_->prepare);  // these never fail (libuv's documentation)
  (void)uv_idle_init(uv_.get(), &impl_->idle);
  impl_->loop = this;
  impl_->prepare.data = impl_->idle.data = impl_.get();
  const int rc = uv_prepare_start(&impl_->prepare, &Impl::on_prepare_cb);
  CHIRM_CHECK(rc == 0, rc);
  // The hooks are no reason for run() to go on: a program whose last handle closes ends.
  uv_unref(reinterpret_cast<uv_handle_t*>(&impl_->prepare));
}

// Handles that were destroyed are closing: libuv frees them in a turn of the loop, so one is run.
Loop::~Loop() {
  CHIRM_CHECK(impl_->hooks.empty(), impl_->hooks.size());  // their owners would reach for the loop
  uv_close(reinterpret_cast<uv_handle_t*>(&impl_->prepare), nullptr);
  uv_close(reinterpret_cast<uv_handle_t*>(&impl_->idle), nullptr);
  run_until_closed();
}

// A turn in which nothing happened but the sleep is not counted as long: it begins with its first
// event, not with the end of the one before.
void Loop::end_turn() {
  turns_.record((clock_ns() - turn_begin_ns_) / 1000);
  turn_begin_ns_ = 0;
  if (!on_pause_) return;
  const int sleep_ms = uv_backend_timeout(uv_.get());
  awake_until_ns_ = sleep_ms < 0
                        ? UINT64_MAX
                        : boot_clock_ns() + 1'000'000 * static_cast<std::uint64_t>(sleep_ms);
}

// ---- Pauses

void Loop::watch_pauses(std::uint64_t longer_than_ms,
                        std::function<void(std::uint64_t ms)> on_pause) {
  pause_min_ms_ = longer_than_ms;
  on_pause_ = std::move(on_pause);
  awake_until_ns_ = boot_clock_ns();
  asleep_ns_ = awake_until_ns_ - clock_ns();
  paused_now_ms_ = 0;
}

// When a turn begins: since it was to begin at the latest. Before its hooks: since it began. And
// after them: since they began, for a process can be stopped anywhere.
void Loop::look_for_pause() {
  const std::uint64_t now_ns = boot_clock_ns();
  const std::uint64_t since_ns = std::min(std::exchange(awake_until_ns_, now_ns), now_ns);
  const std::uint64_t test_ms = std::exchange(test_pause_ms_, 0);
  const std::uint64_t ms = test_ms + (now_ns - since_ns) / 1'000'000;
  if (ms <= pause_min_ms_) return;
  // now_ms() has gone on by as much as the process alone slept, and is not behind paused_ms().
  uv_update_time(uv_.get());
  const std::uint64_t asleep_ns = now_ns - std::min(clock_ns(), now_ns);
  const std::uint64_t machine_ns =
      asleep_ns - std::min(std::exchange(asleep_ns_, asleep_ns), asleep_ns);
  paused_now_ms_ += ms;
  paused_ms_ += test_ms + (now_ns - since_ns - std::min(machine_ns, now_ns - since_ns)) / 1'000'000;
}

// From here, where none of libuv's callbacks is on the stack: it may close whatever it likes.
void Loop::tell_pause() {
  if (!on_pause_) return;
  look_for_pause();
  const std::uint64_t ms = std::exchange(paused_now_ms_, 0);
  if (ms != 0) on_pause_(ms);
}

void Loop::pause_ms(std::uint64_t ms) {
  skip_ms(ms);
  test_pause_ms_ += ms;
}

void Loop::run() {
  CHIRM_CHECK(!impl_->is_running);
  impl_->is_running = true;
  // What was set up before took time: timers that are started now would be early by as much.
  uv_update_time(uv_.get());
  awake_until_ns_ = boot_clock_ns();
  (void)uv_run(uv_.get(), UV_RUN_DEFAULT);  // says only whether something is left open
  impl_->is_running = false;
}

void Loop::stop() { uv_stop(uv_.get()); }

void Loop::run_until_closed() {
  CHIRM_CHECK(!impl_->is_running);
  while (uv_run(uv_.get(), UV_RUN_DEFAULT) != 0) {
  }
}

Loop::TurnEndHook Loop::add_turn_end_hook(std::function<TurnEnd()> hook) {
  CHIRM_CHECK(hook != nullptr);
  TurnEndHook added(new Hook{*impl_, std::move(hook)});
  impl_->hooks.push_back(added.get());
  return added;
}

std::uint64_t Loop::now_ms() const { return uv_now(uv_.get()) + skipped_ms_; }

std::uint64_t Loop::clock_ns() { return uv_hrtime(); }

std::int64_t Loop::unix_ms() const {
  using std::chrono::system_clock;
  return std::chrono::duration_cast<std::chrono::milliseconds>(
             system_clock::now().time_since_epoch())
             .count() +
         static_cast<std::int64_t>(skipped_ms_);
}

// libuv has no clock that could be set, so its timers are started anew with less to go: by
// uv_timer_again(), which knows their functions, and takes their period for the delay. A period of
// 0 would stop them, hence the millisecond. Those that are due already are left alone: one that
// skips time again and again must not keep putting them off.
void Loop::skip_ms(std::uint64_t ms) {
  skipped_ms_ += ms;
  std::vector<uv_timer_t*> timers;
  const auto add_timer = [](uv_handle_t* handle, void* timers_found) {
    if (handle->type != UV_TIMER || uv_is_active(handle) == 0) return;
    static_cast<std::vector<uv_timer_t*>*>(timers_found)
        ->push_back(reinterpret_cast<uv_timer_t*>(handle));
  };
  uv_walk(uv_.get(), add_timer, &timers);
  // They are started anew in the order of their times. Of equal ones, that which was made first
  // comes first: uv_walk() does not tell in which order they were started.
  std::ranges::stable_sort(timers, {}, uv_timer_get_due_in);
  for (uv_timer_t* timer : timers) {
    const std::uint64_t left_ms = uv_timer_get_due_in(timer);
    if (left_ms == 0) continue;
    const std::uint64_t period_ms = uv_timer_get_repeat(timer);
    uv_timer_set_repeat(timer, left_ms > ms ? left_ms - ms : 1);
    const int rc = uv_timer_again(timer);
    CHIRM_CHECK(rc == 0, rc);
    uv_timer_set_repeat(timer, period_ms);
  }
}

}  // namespace chirm
