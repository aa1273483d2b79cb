// SPDX-License-Identifier: MIT
#pragma once
// An open-loop schedule: message k is due at start + k / rate and belongs to author k modulo the
// number of authors. A process has some of the authors. Lives on its loop.

#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include "core/loop/fd_watcher.h"
#include "core/loop/socket.h"

namespace chirm {
class Loop;
}

namespace chirm::load {

class Pacer {
 public:
  // on_due(author, due_us): a message is due. Late ones follow each other without a pause.
  using OnDue = std::function<void(std::uint32_t author, std::uint64_t due_us)>;

  // mine: the authors of this process, ascending. The loop must outlive the pacer.
  Pacer(Loop& loop, std::vector<std::uint32_t> mine, std::uint32_t authors, double rate,
        OnDue on_due);

  // All times on the monotonic clock.
  void start(std::uint64_t start_us);
  void stop();
  // For after stop(): how many messages were due before `until_us` and were not announced.
  std::uint64_t count_overdue(std::uint64_t until_us);
  // When the next message is due.
  std::uint64_t next_us() const;

 private:
  void on_timer();
  void advance();
  void arm();

  static constexpr int kDueMax = 256;  // a turn, so that receiving goes on

  std::vector<std::uint32_t> mine_;
  std::uint32_t authors_;
  double interval_us_;
  OnDue on_due_;
  bool is_running_ = false;
  std::uint64_t start_us_ = 0;
  std::uint64_t round_ = 0;
  std::size_t place_ = 0;  // in mine_, of the next author
  Socket timer_;           // a timerfd: libuv's timers have milliseconds
  FdWatcher watcher_;
};

}  // namespace chirm::load
