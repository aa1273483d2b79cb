// SPDX-License-Identifier: MIT
#pragma once
// Watches one file descriptor (uv_poll_t). For a handful of descriptors, such as Redis links or a
// terminal; connections use Poller.

#include <cstdint>
#include <functional>
#include <memory>

namespace chirm {

class Loop;

class FdWatcher {
 public:
  struct Events {
    bool readable = false;
    bool writable = false;
  };

  // An error or a hang-up on the descriptor is reported as readable and writable, so that the next
  // read or write meets it. on_ready may destroy the watcher. The descriptor is not owned and must
  // stay open as long as the watcher lives.
  FdWatcher(Loop& loop, int fd, std::function<void(Events)> on_ready);
  ~FdWatcher();
  FdWatcher(const FdWatcher&) = delete;
  FdWatcher& operator=(const FdWatcher&) = delete;

  // Does nothing when nothing changes (libuv would make two system calls).
  void watch(Events events);

 private:
  struct Impl;
  std::shared_ptr<Impl> impl_;
};

}  // namespace chirm
