// SPDX-License-Identifier: MIT
#pragma once
// Watches many sockets cheaply: an epoll set of its own, nested in the libuv loop through one
// uv_poll_t. A socket costs one epoll_ctl and no memory of libuv's (uv_poll_t: 196 bytes and five
// epoll_ctl; uv_tcp_t: 277 bytes). Closing a socket drops it from the set.

#include <cstdint>
#include <memory>

#include "core/loop/fd_watcher.h"

namespace chirm {

class Loop;

// Who is told. Must close its socket (or remove() it) and call Poller::forget() before it is
// destroyed.
class PollTarget {
 public:
  // Both are true after an error or hang-up, whatever is watched: reading will meet it.
  virtual void on_ready(bool readable, bool writable) = 0;

 protected:
  ~PollTarget() = default;
};

class Poller {
 public:
  explicit Poller(Loop& loop);
  ~Poller();
  Poller(const Poller&) = delete;
  Poller& operator=(const Poller&) = delete;

  // `target` is told from now on. False when the kernel refuses (out of watches or memory).
  [[nodiscard]] bool add(int fd, PollTarget& target, FdWatcher::Events events);
  // Of a socket that was added, and its target.
  void change(int fd, PollTarget& target, FdWatcher::Events events);
  // Of a socket that was added and stays open. One that is closed goes by itself.
  void remove(int fd);
  // Events of `target` that were already fetched in this turn are not delivered any more. Call it
  // when the target goes away while others are being served.
  void forget(PollTarget& target);

  // Ends the process unless all events of this turn have been delivered. At the end of a turn.
  void check() const;

 private:
  void on_events();

  static constexpr int kEventsMax = 256;  // per epoll_wait; the rest comes with the next turn
  struct Batch;
  int epoll_fd_;
  std::unique_ptr<Batch> batch_;
  std::unique_ptr<FdWatcher> watcher_;
};

}  // namespace chirm
