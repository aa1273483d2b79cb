// SPDX-License-Identifier: MIT
#include "core/server/listener.h"

#include <sys/socket.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include "core/base/check.h"
#include "core/loop/loop.h"

namespace chirm {

namespace {
// libuv's own listener accepts until the queue is empty (before 1.45): a storm of ten thousand
// would keep the loop from everybody who is already here. What is left comes with the next turn.
constexpr int kAcceptsPerEvent = 64;
constexpr int kPendingMax = 65'536;      // more than a kernel lets wait
constexpr std::uint64_t kRetryMs = 100;  // another process may free files without our noticing
}  // namespace

Listener::Listener(Loop& loop, Socket socket, std::function<bool(Socket)> on_accept,
                   std::function<void(const char* why)> on_exhausted)
    : loop_(loop),
      socket_(std::move(socket)),
      watcher_(loop, socket_.fd(), [this](auto) { accept_some(); }),
      retry_(loop, [this] { watch(); }),
      on_accept_(std::move(on_accept)),
      on_exhausted_(std::move(on_exhausted)) {
  CHIRM_CHECK(on_accept_ != nullptr && on_exhausted_ != nullptr);
  watch();
}

void Listener::resume() {
  CHIRM_CHECK(is_paused_);
  is_paused_ = false;
  watch();
}

// Not watched while nothing may be accepted: the pending connections would wake the loop in each
// turn for nothing.
void Listener::watch() { watcher_.watch({.readable = !is_paused_ && !retry_.is_running()}); }

// Not without end: whoever comes meanwhile is of now.
void Listener::drop_pending() {
  for (int i = 0; i < kPendingMax; ++i) {
    if (!Socket(accept4(socket_.fd(), nullptr, nullptr, SOCK_CLOEXEC)).is_open()) return;
  }
}

void Listener::accept_some() {
  if (loop_.has_paused()) return;  // see drop_pending()
  for (int i = 0; i < kAcceptsPerEvent; ++i) {
    Socket accepted(accept4(socket_.fd(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
    if (accepted.is_open()) {
      set_no_delay(accepted.fd());
      is_paused_ = !on_accept_(std::move(accepted));
      if (is_paused_) return watch();
      continue;
    }
    if (errno == EAGAIN) return;
    // libuv would accept and close them all by a spare descriptor here. Clients are better off
    // waiting in the kernel's queue, where the balancer's own timeout sends them to another node.
    if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM) {
      on_exhausted_(std::strerror(errno));
      retry_.start(kRetryMs);
      return watch();
    }
    // Anything else is the end of one pending connection (accept(2)): go on with the next.
  }
}

}  // namespace chirm
