// SPDX-License-Identifier: MIT
#pragma once
// Reads lines from a file descriptor that is not a terminal to be edited on: a pipe, a socket, a
// file, /dev/null. Lives on the loop.

#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "core/loop/fd_watcher.h"
#include "core/loop/loop.h"
#include "core/loop/socket.h"
#include "core/loop/timer.h"

namespace chirm::terminal {

class LineReader {
 public:
  // Of a longer line the beginning is reported, once, with is_complete false.
  static constexpr std::size_t kLineBytesMax = 48 * 1024;

  using OnLine = std::function<void(std::string_view line, bool is_complete)>;

  // Both callbacks may pause, but not destroy the reader. `fd` must stay open.
  LineReader(Loop& loop, int fd, OnLine on_line, std::function<void()> on_end);
  ~LineReader();
  LineReader(const LineReader&) = delete;
  LineReader& operator=(const LineReader&) = delete;

  // Begins, or goes on after pause(). Calls back later, never from within.
  void resume();
  // Reads no more. Lines that were read already wait for resume().
  void pause();

 private:
  static constexpr std::size_t kReadBytes = 64 * 1024;

  void step();
  bool read();
  void take_lines();
  void schedule();

  int fd_;
  Socket own_;  // fd_ opened again, if that was possible: libuv makes descriptors non-blocking
  OnLine on_line_;
  std::function<void()> on_end_;
  std::unique_ptr<FdWatcher> watcher_;  // null when the descriptor is always ready
  Timer next_;                          // runs step() in another turn
  std::string buffer_;                  // read, and not taken as lines
  bool is_paused_ = true;
  bool is_skipping_ = false;  // the rest of a line that was too long
  bool is_at_end_ = false;
};

}  // namespace chirm::terminal
