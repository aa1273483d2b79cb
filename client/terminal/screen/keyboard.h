// SPDX-License-Identifier: MIT
#pragma once
// Keys and pastes from the terminal on stdin, while something else has made it raw. Lives on the
// loop and never blocks it. Private to client/terminal/.

#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "core/base/error.h"
#include "core/loop/fd_watcher.h"
#include "core/loop/loop.h"
#include "core/loop/socket.h"
#include "core/loop/timer.h"

namespace chirm::terminal {

class Keyboard {
 public:
  struct Callbacks {
    std::function<void(std::string_view key)> on_key;  // as first_key() cuts them
    std::function<void(std::string_view text)> on_paste;
    std::function<void()> on_end;  // the terminal has gone
  };

  // The callbacks may not destroy it.
  [[nodiscard]] static Expected<std::unique_ptr<Keyboard>, Error> create(Loop& loop,
                                                                         Callbacks callbacks);
  Keyboard(const Keyboard&) = delete;
  Keyboard& operator=(const Keyboard&) = delete;

 private:
  Keyboard(Loop& loop, Socket terminal, Callbacks callbacks);

  void on_readable();
  void take_keys();
  bool take_paste();
  void on_sequence_time();

  Callbacks callbacks_;
  Socket terminal_;
  std::string bytes_;         // read, and not yet a complete key
  bool is_in_paste_ = false;  // its beginning was seen, its end not yet
  FdWatcher watcher_;
  Timer sequence_timer_;
};

}  // namespace chirm::terminal
