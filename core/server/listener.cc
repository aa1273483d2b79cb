// SPDX-License-Identifier: MIT
#include "core/server/listener.h"

#include <sys/socket.h>

#include <cerrno>
#include <cstring>

namespace chirm {

namespace {
constexpr int kAcceptsPerEvent = 64;
constexpr std::uint64_t kRetryMs = 100;  // another process may free files without our noticing
}  // namespace

Listener::Listener(Loop& loop, Socket socket, std::function<bool(Socket)> on_accept)
    : socket_(std::move(socket)),
      watcher_(loop, socket_.fd(), [this](auto) { accept_some(); }),
      retry_(loop, [this] { watch(); }),
      on_accept_(std::move(on_accept)) {
  watch();
}

void Listener::resume() {
  is_paused_ = false;
  watch();
}

void Listener::watch() { watcher_.watch({.readable = !is_paused_ && !retry_.is_running()}); }

void Listener::accept_some() {
  for (int i = 0; i < kAcceptsPerEvent; ++i) {
    Socket accepted(accept4(socket_.fd(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
    if (accepted.is_open()) {
      set_no_delay(accepted.fd());
      is_paused_ = !on_accept_(std::move(accepted));
      if (is_paused_) return watch();
      continue;
    }
    if (errno == EAGAIN) return;
    if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM) {
      if (on_exhausted) on_exhausted(std::strerror(errno));
      retry_.start(kRetryMs);
      return watch();
    }
    // Anything else is the end of one pending connection (accept(2)): go on with the next.
  }
}

}  // namespace chirm
