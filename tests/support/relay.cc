// SPDX-License-Identifier: MIT
#include "tests/support/relay.h"

#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>

#include "core/base/check.h"
#include "core/loop/loop.h"

namespace chirm::testing {

namespace {

// Tests send little: waiting for room here is good enough.
void write_all(int fd, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t written = send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (written < 0) {
      pollfd writable{.fd = fd, .events = POLLOUT, .revents = 0};
      if (errno != EAGAIN || poll(&writable, 1, 5000) != 1) return;  // gone: reading meets it
      continue;
    }
    bytes.remove_prefix(static_cast<std::size_t>(written));
  }
}

}  // namespace

struct Relay::Pair {
  Socket client;
  Socket server;
  std::string said_by_client;
  std::unique_ptr<FdWatcher> client_watcher;
  std::unique_ptr<FdWatcher> server_watcher;
};

Relay::Relay(Loop& loop, std::uint16_t server_port)
    : loop_(loop), server_port_(server_port), listener_(*listen_tcp("127.0.0.1", 0)) {
  watcher_ = std::make_unique<FdWatcher>(loop, listener_.fd(), [this](auto) { on_accept(); });
  watcher_->watch({.readable = true, .writable = false});
}

Relay::~Relay() = default;

void Relay::on_accept() {
  const int fd = accept4(listener_.fd(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
  if (fd < 0) return;
  ++accepted_;
  Pair& pair = pairs_.emplace_back();
  pair.client = Socket(fd);
  pair.server = *connect_tcp("127.0.0.1", server_port_, "");
  pair.client_watcher =
      std::make_unique<FdWatcher>(loop_, fd, [this, &pair](auto) { pass_on(pair, true); });
  pair.server_watcher = std::make_unique<FdWatcher>(loop_, pair.server.fd(),
                                                    [this, &pair](auto) { pass_on(pair, false); });
  pair.client_watcher->watch({.readable = true, .writable = false});
  pair.server_watcher->watch({.readable = true, .writable = false});
}

void Relay::pass_on(Pair& pair, bool from_client) {
  const auto close = [&] { pairs_.remove_if([&](const Pair& one) { return &one == &pair; }); };
  std::array<char, 65536> buffer;
  const int from = from_client ? pair.client.fd() : pair.server.fd();
  const ssize_t count = read(from, buffer.data(), buffer.size());
  if (count < 0 && errno == EAGAIN) return;
  if (count <= 0) return close();
  const std::string_view bytes(buffer.data(), static_cast<std::size_t>(count));
  if (!from_client) {
    const bool is_swallowed =
        !swallow_.empty() && pair.said_by_client.find(swallow_) != std::string::npos;
    if (!is_swallowed) write_all(pair.client.fd(), bytes);
    return;
  }
  pair.said_by_client += bytes;
  write_all(pair.server.fd(), bytes);
  if (!cut_.empty() && bytes.find(cut_) != std::string_view::npos) {
    cut_.clear();
    close();
  }
}

}  // namespace chirm::testing
