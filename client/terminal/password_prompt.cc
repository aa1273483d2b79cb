// SPDX-License-Identifier: MIT
#include "client/terminal/password_prompt.h"

#include <fcntl.h>
#include <termios.h>
#include <unistd.h>

#include <cerrno>
#include <string_view>

#include "core/loop/socket.h"

namespace chirm::terminal {

namespace {

constexpr std::size_t kBytesMax = 1024;

void print(int fd, std::string_view text) { (void)!write(fd, text.data(), text.size()); }

void erase_last(std::string& text) {
  while (!text.empty() && (static_cast<unsigned char>(text.back()) & 0xC0) == 0x80) text.pop_back();
  if (!text.empty()) text.pop_back();
}

// The terminal passes each key on, also Ctrl-C: a signal would not end a read that blocks.
std::optional<std::string> read_line(int fd) {
  std::string line;
  while (true) {
    char key = 0;
    const ssize_t received = read(fd, &key, 1);
    if (received < 0 && errno == EINTR) continue;
    const bool gives_up = key == '\x03' || (key == '\x04' && line.empty());
    if (received <= 0 || gives_up) return std::nullopt;
    if (key == '\r' || key == '\n') return line;
    if (key == '\x7f' || key == '\b') {
      erase_last(line);
    } else if (key == '\x15') {
      line.clear();
    } else if (static_cast<unsigned char>(key) >= 0x20 && line.size() < kBytesMax) {
      line += key;
    }
  }
}

}  // namespace

std::optional<std::string> ask_for_password(const std::string& prompt) {
  const Socket terminal(open("/dev/tty", O_RDWR | O_NOCTTY | O_CLOEXEC));
  termios before{};
  if (!terminal.is_open() || tcgetattr(terminal.fd(), &before) != 0) return std::nullopt;
  termios silent = before;
  silent.c_lflag &= ~static_cast<tcflag_t>(ECHO | ICANON | ISIG);
  silent.c_cc[VMIN] = 1;
  silent.c_cc[VTIME] = 0;
  if (tcsetattr(terminal.fd(), TCSAFLUSH, &silent) != 0) return std::nullopt;
  print(terminal.fd(), prompt);
  const auto line = read_line(terminal.fd());
  print(terminal.fd(), "\n");
  (void)tcsetattr(terminal.fd(), TCSAFLUSH, &before);
  return line;
}

}  // namespace chirm::terminal
