// SPDX-License-Identifier: MIT
#pragma once
// Accepts connections: a limited number per turn, so that a storm of them does not stop those that
// are served, and none while no file is free. Pending connections then wait in the kernel's queue;
// none is closed. Private to core/server.

#include <cstdint>
#include <functional>

#include "core/loop/fd_watcher.h"
#include "core/loop/socket.h"
#include "core/loop/timer.h"

namespace chirm {

class Loop;

class Listener {
 public:
  // `on_accept` takes the socket and returns whether another one would be welcome now.
  // `on_exhausted` is told why when the system has no file left; accepting goes on by itself, soon.
  // Neither may destroy the listener. `socket` is listening, and the loop outlives the listener.
  Listener(Loop& loop, Socket socket, std::function<bool(Socket)> on_accept,
           std::function<void(const char* why)> on_exhausted);

  // After on_accept has said that no other is welcome.
  void resume();
  // Those that wait in the kernel's queue are closed: they may be of long ago.
  void drop_pending();
  // True exactly while resume() is awaited.
  bool is_paused() const { return is_paused_; }
  std::uint16_t port() const { return local_port(socket_); }

 private:
  void accept_some();
  void watch();

  Loop& loop_;
  Socket socket_;
  FdWatcher watcher_;
  Timer retry_;
  const std::function<bool(Socket)> on_accept_;
  const std::function<void(const char* why)> on_exhausted_;
  bool is_paused_ = false;
};

}  // namespace chirm
