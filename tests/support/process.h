// SPDX-License-Identifier: MIT
#pragma once
// A real process of a test: its output is collected while the test's loop runs, and it ends with
// the test, however that ends.

#include <sys/types.h>

#include <array>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/loop/fd_watcher.h"
#include "core/loop/loop.h"

namespace chirm::testing {

class Process {
 public:
  struct Options {
    std::vector<std::string> arguments;    // the program first, looked up on PATH
    std::vector<std::string> environment;  // NAME=value, besides the test's own
    // What the program gets should the test die. SIGTERM for one that has children of its own.
    int parent_death_signal = 9;
  };

  // Starts it in a process group of its own. The loop must outlive it.
  Process(Loop& loop, Options options);
  // Kills the whole group and waits for the process.
  ~Process();
  Process(const Process&) = delete;
  Process& operator=(const Process&) = delete;

  // To the process alone. SIGSTOP: returns when it has stopped.
  void send_signal(int signal);
  // SIGKILL to the whole group; returns when the process is gone.
  void kill();
  // Writes all of it to the standard input; the process must read.
  void write_input(std::string_view text);
  void close_input();

  // Once it has ended and all of its output is here: the exit code, or 128 + the signal.
  std::optional<int> exit_code();
  pid_t pid() const { return pid_; }

  // What it wrote so far; grows while the loop runs.
  const std::string& output() const { return streams_[0].text; }
  const std::string& errors() const { return streams_[1].text; }

 private:
  struct Stream {
    int fd = -1;
    std::string text;
    std::unique_ptr<FdWatcher> watcher;  // null after the end
  };

  static void read(Stream& stream);

  pid_t pid_ = -1;
  int input_fd_ = -1;
  std::array<Stream, 2> streams_;
  std::optional<int> exit_code_;
};

}  // namespace chirm::testing
