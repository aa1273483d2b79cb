// SPDX-License-Identifier: MIT
#include "core/loop/fd_watcher.h"

#include <uv.h>

#include "core/base/check.h"
#include "core/loop/close_then_delete.h"
#include "core/loop/loop.h"

namespace chirm {

// Shared with the callback that is running, which may destroy the watcher.
struct FdWatcher::Impl : std::enable_shared_from_this<FdWatcher::Impl> {
  explicit Impl(Loop& its_loop) : loop(its_loop) {}

  Loop& loop;
  UvBox<uv_poll_t> handle{new uv_poll_t};
  std::function<void(Events)> on_ready;
  int watched = 0;

  static void on_poll_cb(uv_poll_t* handle, int status, int events) {
    const auto self = static_cast<Impl*>(handle->data)->shared_from_this();
    self->loop.begin_turn();
    // libuv tells EPOLLERR as UV_EBADF, stops the watcher and keeps the reason to itself. hiredis'
    // adapter drops it there, and a refused connection hangs for ever; told as an event instead,
    // the next read or write meets the true error.
    if (status < 0) {
      self->watched = 0;
      events = UV_READABLE | UV_WRITABLE;
    }
    self->on_ready({(events & UV_READABLE) != 0, (events & UV_WRITABLE) != 0});
  }
};

FdWatcher::FdWatcher(Loop& loop, int fd, std::function<void(Events)> on_ready)
    : impl_(std::make_shared<Impl>(loop)) {
  impl_->on_ready = std::move(on_ready);
  const int rc = uv_poll_init(loop.uv(), impl_->handle.get(), fd);
  CHIRM_CHECK(rc == 0, fd, rc);  // a descriptor that is closed, or watched by another handle
  impl_->handle->data = impl_.get();
}

// Stopped at once and not only with the close callback: the descriptor may be closed, and its
// number be another one's, before that comes.
FdWatcher::~FdWatcher() { (void)uv_poll_stop(impl_->handle.get()); }

void FdWatcher::watch(Events events) {
  const int wanted = (events.readable ? UV_READABLE : 0) | (events.writable ? UV_WRITABLE : 0);
  if (wanted == impl_->watched) return;
  impl_->watched = wanted;
  const int rc = wanted == 0 ? uv_poll_stop(impl_->handle.get())
                             : uv_poll_start(impl_->handle.get(), wanted, &Impl::on_poll_cb);
  CHIRM_CHECK(rc == 0, wanted, rc);
}

}  // namespace chirm
