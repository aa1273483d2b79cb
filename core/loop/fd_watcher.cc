// SPDX-License-Identifier: MIT
#include "core/loop/fd_watcher.h"

#include <uv.h>

#include "core/base/check.h"
#include "core/loop/close_then_delete.h"
#include "core/loop/loop.h"

namespace chirm {

struct FdWatcher::Impl : std::enable_shared_from_this<FdWatcher::Impl> {
  explicit Impl(Loop& its_loop) : loop(its_loop) {}

  Loop& loop;
  UvBox<uv_poll_t> handle{new uv_poll_t};
  std::function<void(Events)> on_ready;
  int watched = 0;

  static void on_poll_cb(uv_poll_t* handle, int status, int events) {
    const auto self = static_cast<Impl*>(handle->data)->shared_from_this();
    self->loop.begin_turn();
    if (status < 0) {
      self->watched = 0;  // libuv has stopped the watcher
      events = UV_READABLE | UV_WRITABLE;
    }
    self->on_ready({(events & UV_READABLE) != 0, (events & UV_WRITABLE) != 0});
  }
};

FdWatcher::FdWatcher(Loop& loop, int fd, std::function<void(Events)> on_ready)
    : impl_(std::make_shared<Impl>(loop)) {
  impl_->on_ready = std::move(on_ready);
  const int rc = uv_poll_init(loop.uv(), impl_->handle.get(), fd);
  CHIRM_CHECK(rc == 0, fd, rc);
  impl_->handle->data = impl_.get();
}

FdWatcher::~FdWatcher() { uv_poll_stop(impl_->handle.get()); }

void FdWatcher::watch(Events events) {
  const int wanted = (events.readable ? UV_READABLE : 0) | (events.writable ? UV_WRITABLE : 0);
  if (wanted == impl_->watched) return;
  impl_->watched = wanted;
  if (wanted == 0) {
    uv_poll_stop(impl_->handle.get());
  } else {
    uv_poll_start(impl_->handle.get(), wanted, &Impl::on_poll_cb);
  }
}

}  // namespace chirm
