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
  // on_accept takes the socket and returns whether another one would be welcome now.
  Listener(Loop& loop, Socket socket, std::function<bool(Socket)> on_accept);

  // After on_accept has said that no other is welcome.
  void resume();
  // True exactly while resume() is awaited.
  bool is_paused() const { return is_paused_; }
  std::uint16_t port() const { return local_port(socket_); }

  // Called with the reason when the system has no file left. Accepting goes on by itself, soon.
  std::function<void(const char* why)> on_exhausted;

 private:
  void accept_some();
  void watch();

  Socket socket_;
  FdWatcher watcher_;
  Timer retry_;
  std::function<bool(Socket)> on_accept_;
  bool is_paused_ = false;
};

}  // namespace chirm
