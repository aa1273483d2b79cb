// SPDX-License-Identifier: MIT
#include "core/loop/signal_watcher.h"

#include <uv.h>

#include "core/base/check.h"
#include "core/loop/close_then_delete.h"
#include "core/loop/loop.h"

namespace chirm {

struct SignalWatcher::Impl {
  std::function<void()> on_signal;
  UvBox<uv_signal_t> handle{new uv_signal_t};
};

SignalWatcher::SignalWatcher(Loop& loop, int signal, std::function<void()> on_signal)
    : impl_(std::make_unique<Impl>()) {
  impl_->on_signal = std::move(on_signal);
  const int made = uv_signal_init(loop.uv(), impl_->handle.get());
  CHIRM_CHECK(made == 0, made);
  impl_->handle->data = impl_.get();
  // On the loop, not in the handler, where next to nothing may be called: libuv's own handler only
  // writes to a pipe.
  const auto on_signal_cb = [](uv_signal_t* handle, int) {
    static_cast<Impl*>(handle->data)->on_signal();
  };
  const int rc = uv_signal_start(impl_->handle.get(), on_signal_cb, signal);
  CHIRM_CHECK(rc == 0, signal, rc);
  // A program that has nothing else to wait for ends, as it would without a handler.
  uv_unref(reinterpret_cast<uv_handle_t*>(impl_->handle.get()));
}

SignalWatcher::~SignalWatcher() = default;

}  // namespace chirm
