// SPDX-License-Identifier: MIT
#pragma once
// The terminal on stdin and stdout as a full screen: the one door to ncurses. Only one may exist.

#include <memory>

#include "client/terminal/screen/cell_grid.h"
#include "client/terminal/screen/terminal_rescue.h"
#include "core/base/error.h"

namespace chirm::terminal {

class Screen {
 public:
  // Takes the terminal over: raw, without echo, on its second screen. An error: it cannot.
  [[nodiscard]] static Expected<std::unique_ptr<Screen>, Error> create();
  // Gives the terminal back as it was. So does a crash.
  ~Screen();
  Screen(const Screen&) = delete;
  Screen& operator=(const Screen&) = delete;

  int rows() const;
  int columns() const;
  // Brings the terminal to show that, by writing what is different.
  void show(const CellGrid& grid);
  // The terminal has another size (SIGWINCH).
  void resize();
  // The next show() writes everything.
  void forget();
  // Gives the terminal back, stops the process group as Ctrl-Z does, and takes it again when it is
  // continued.
  void suspend();

 private:
  explicit Screen(const termios& before) : rescue_(before) {}

  TerminalRescue rescue_;
};

}  // namespace chirm::terminal
