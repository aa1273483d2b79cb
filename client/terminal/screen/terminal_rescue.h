// SPDX-License-Identifier: MIT
#pragma once
// While the terminal is taken over: gives it back when the process dies by a signal that nobody
// handles, and keeps what is written to stderr until then, where it would be drawn over. Only one
// may exist. Private to client/terminal/.

#include <termios.h>

namespace chirm::terminal {

class TerminalRescue {
 public:
  // `before` is how the terminal on stdin was set before it was taken over.
  explicit TerminalRescue(const termios& before);
  // When the terminal has been given back: writes what was kept.
  ~TerminalRescue();
  TerminalRescue(const TerminalRescue&) = delete;
  TerminalRescue& operator=(const TerminalRescue&) = delete;
};

}  // namespace chirm::terminal
