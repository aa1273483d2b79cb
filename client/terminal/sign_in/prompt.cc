// SPDX-License-Identifier: MIT
#include "client/terminal/sign_in/prompt.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <termios.h>
#include <unistd.h>

#include <array>
#include <string_view>

#include "core/loop/socket.h"

namespace chirm::terminal {

namespace {

constexpr std::size_t kBytesMax = 1024;
constexpr std::array kEndingSignals{SIGINT, SIGTERM, SIGHUP};

volatile sig_atomic_t signal_caught = 0;  // a handler has only globals

// While it lives the signals are held back, but for wait(), which ends with them.
class SignalGuard {
 public:
  SignalGuard() {
    signal_caught = 0;
    sigset_t blocked;
    sigemptyset(&blocked);
    for (const int signal : kEndingSignals) sigaddset(&blocked, signal);
    sigprocmask(SIG_BLOCK, &blocked, &mask_before_);
    struct sigaction action {};
    action.sa_handler = [](int signal) { signal_caught = signal; };
    for (std::size_t i = 0; i < kEndingSignals.size(); ++i) {
      sigaction(kEndingSignals[i], &action, &actions_before_[i]);
    }
  }
  ~SignalGuard() {
    for (std::size_t i = 0; i < kEndingSignals.size(); ++i) {
      sigaction(kEndingSignals[i], &actions_before_[i], nullptr);
    }
    sigprocmask(SIG_SETMASK, &mask_before_, nullptr);
    if (signal_caught != 0) raise(signal_caught);
  }
  SignalGuard(const SignalGuard&) = delete;
  SignalGuard& operator=(const SignalGuard&) = delete;

  // Until there is something to be read; false when a signal came.
  bool wait(int fd) const {
    pollfd input{fd, POLLIN, 0};
    while (signal_caught == 0 && ppoll(&input, 1, nullptr, &mask_before_) < 0) {
    }
    return signal_caught == 0;
  }

 private:
  sigset_t mask_before_{};
  std::array<struct sigaction, kEndingSignals.size()> actions_before_{};
};

// Should that fail, the person sees it.
void print(int fd, std::string_view text) { (void)!write(fd, text.data(), text.size()); }

// True when there was a character.
bool erase_last(std::string& text) {
  const bool has_any = !text.empty();
  while (!text.empty() && (static_cast<unsigned char>(text.back()) & 0xC0) == 0x80) text.pop_back();
  if (!text.empty()) text.pop_back();
  return has_any;
}

// The terminal passes each key on, also Ctrl-C: as a signal it would come while nothing is ready to
// give the terminal back.
std::optional<std::string> read_line(int fd, const SignalGuard& guard, Echo echo) {
  std::string line;
  const auto show = [&](std::string_view text) {
    if (echo == Echo::kShown) print(fd, text);
  };
  while (true) {
    char key = 0;
    if (!guard.wait(fd) || read(fd, &key, 1) <= 0) return std::nullopt;
    if (key == '\x03' || (key == '\x04' && line.empty())) return std::nullopt;
    if (key == '\r' || key == '\n') return line;
    if (key == '\x7f' || key == '\b') {
      if (erase_last(line)) show("\b \b");
    } else if (key == '\x15') {
      while (erase_last(line)) show("\b \b");
    } else if (static_cast<unsigned char>(key) >= 0x20 && line.size() < kBytesMax) {
      line += key;
      show({&key, 1});
    }
  }
}

}  // namespace

std::optional<std::string> ask_for_line(const std::string& prompt, Echo echo) {
  // Not stdin and stdout, which may lead elsewhere: the question is for the person.
  const Socket terminal(open("/dev/tty", O_RDWR | O_NOCTTY | O_CLOEXEC));
  termios before{};
  if (!terminal.is_open() || tcgetattr(terminal.fd(), &before) != 0) return std::nullopt;
  const SignalGuard guard;
  termios silent = before;
  silent.c_lflag &= ~static_cast<tcflag_t>(ECHO | ICANON | ISIG);
  silent.c_cc[VMIN] = 1;
  silent.c_cc[VTIME] = 0;
  // What was typed before the question is no answer to it, and is thrown away (TCSAFLUSH).
  if (tcsetattr(terminal.fd(), TCSAFLUSH, &silent) != 0) return std::nullopt;
  print(terminal.fd(), prompt);
  const auto line = read_line(terminal.fd(), guard, echo);
  print(terminal.fd(), "\n");
  (void)tcsetattr(terminal.fd(), TCSAFLUSH, &before);
  return line;
}

}  // namespace chirm::terminal
