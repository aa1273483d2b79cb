// SPDX-License-Identifier: MIT
#include "client/terminal/screen/terminal_rescue.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <unistd.h>

#include <array>

namespace chirm::terminal {

namespace {

constexpr std::array kFatalSignals{SIGABRT, SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGQUIT};
// xterm: no bracketed paste, plain letters, a cursor, the first screen.
constexpr char kGiveBack[] = "\x1b[?2004l\x1b[0m\x1b[?25h\x1b[?1049l";
constexpr std::size_t kStackBytes = 16 * 1024;

// A handler has only globals.
termios before_chirm;
std::array<struct sigaction, kFatalSignals.size()> actions_before;
int stderr_before = -1;  // -1 exactly while stderr is not kept

// What follows is called by the handler, too: async-signal-safe functions only (POSIX 2.4.3).

void restore_actions() {
  for (std::size_t i = 0; i < kFatalSignals.size(); ++i) {
    sigaction(kFatalSignals[i], &actions_before[i], nullptr);
  }
}

void release_stderr() {
  if (stderr_before < 0) return;
  char bytes[1024];
  ssize_t size = 0;
  off_t at = 0;
  while ((size = pread(STDERR_FILENO, bytes, sizeof bytes, at)) > 0) {
    at += size;
    (void)!write(stderr_before, bytes, static_cast<std::size_t>(size));
  }
  dup2(stderr_before, STDERR_FILENO);
  close(stderr_before);
  stderr_before = -1;
}

// Then does what would have been done without.
void on_fatal_signal(int signal) {
  (void)!write(STDOUT_FILENO, kGiveBack, sizeof kGiveBack - 1);
  tcsetattr(STDIN_FILENO, TCSANOW, &before_chirm);
  release_stderr();
  restore_actions();
  raise(signal);
}

void keep_stderr() {
#ifdef __SANITIZE_ADDRESS__
  return;  // its report is the last that the process does
#endif
  if (isatty(STDERR_FILENO) != 1) return;
  const int kept = memfd_create("stderr", MFD_CLOEXEC);
  if (kept < 0) return;
  stderr_before = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 3);
  if (stderr_before >= 0) dup2(kept, STDERR_FILENO);
  close(kept);
}

}  // namespace

TerminalRescue::TerminalRescue(const termios& before) {
  before_chirm = before;
  keep_stderr();
  // The ordinary stack may be what is used up.
  static char stack[kStackBytes];
  stack_t own{};
  own.ss_sp = stack;
  own.ss_size = sizeof stack;
  // A sanitizer may have set one already, and needs it.
  stack_t present{};
  sigaltstack(nullptr, &present);
  if ((present.ss_flags & SS_DISABLE) != 0) sigaltstack(&own, nullptr);
  struct sigaction action {};
  action.sa_handler = on_fatal_signal;
  action.sa_flags = SA_ONSTACK;
  for (std::size_t i = 0; i < kFatalSignals.size(); ++i) {
    sigaction(kFatalSignals[i], &action, &actions_before[i]);
  }
}

TerminalRescue::~TerminalRescue() {
  restore_actions();
  release_stderr();
}

}  // namespace chirm::terminal
