// SPDX-License-Identifier: MIT
#include "client/terminal/screen/keyboard.h"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <cerrno>

#include "client/terminal/screen/key_splitter.h"

namespace chirm::terminal {

namespace {

// What an escape sequence may take to arrive after its first byte; then it was the Escape key.
constexpr std::uint64_t kSequenceMs = 50;
constexpr std::size_t kPasteBytesMax = std::size_t{256} * 1024;
constexpr std::string_view kPasteBegin = "\x1b[200~";
constexpr std::string_view kPasteEnd = "\x1b[201~";

// A description of the terminal of our own, so that making it non-blocking does not change it for
// stdout and for the shell.
int open_terminal() {
  const char* name = ttyname(STDIN_FILENO);
  const int fd = name == nullptr ? -1 : open(name, O_RDONLY | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
  return fd >= 0 ? fd : open("/dev/tty", O_RDONLY | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
}

}  // namespace

Expected<std::unique_ptr<Keyboard>, Error> Keyboard::create(Loop& loop, Callbacks callbacks) {
  Socket terminal(open_terminal());
  if (!terminal.is_open()) {
    return Unexpected<Error>(system_error("cannot open the terminal", errno));
  }
  return std::unique_ptr<Keyboard>(new Keyboard(loop, std::move(terminal), std::move(callbacks)));
}

Keyboard::Keyboard(Loop& loop, Socket terminal, Callbacks callbacks)
    : callbacks_(std::move(callbacks)),
      terminal_(std::move(terminal)),
      watcher_(loop, terminal_.fd(), [this](auto) { on_readable(); }),
      sequence_timer_(loop, [this] { on_sequence_time(); }) {
  watcher_.watch({.readable = true});
}

void Keyboard::on_readable() {
  std::array<char, 4096> buffer;
  const ssize_t received = read(terminal_.fd(), buffer.data(), buffer.size());
  if (received < 0 && (errno == EAGAIN || errno == EINTR)) return;
  if (received <= 0) {  // hung up
    watcher_.watch({});
    return callbacks_.on_end();
  }
  // Once per readiness: who pastes a book does not keep the loop from all else.
  bytes_.append(buffer.data(), static_cast<std::size_t>(received));
  take_keys();
}

void Keyboard::take_keys() {
  sequence_timer_.stop();
  while (!bytes_.empty()) {
    if (is_in_paste_) {
      if (!take_paste()) return;
      continue;
    }
    const std::string key(first_key(bytes_));
    if (key.empty()) return sequence_timer_.start(kSequenceMs);
    bytes_.erase(0, key.size());  // before it is told: the callback may end the loop
    if (key == kPasteBegin) {
      is_in_paste_ = true;
    } else {
      callbacks_.on_key(key);
    }
  }
}

// False while its end has not come.
bool Keyboard::take_paste() {
  // A terminal that never sends the end would swallow all that is typed: so much is enough.
  const std::size_t end = bytes_.find(kPasteEnd);
  if (end == std::string::npos && bytes_.size() < kPasteBytesMax) return false;
  is_in_paste_ = false;
  const std::string text = bytes_.substr(0, end);
  bytes_.erase(0, end == std::string::npos ? end : end + kPasteEnd.size());
  callbacks_.on_paste(text);
  return true;
}

void Keyboard::on_sequence_time() {
  // Half a sequence that nothing follows is a broken one, and no key.
  const bool is_escape = bytes_ == "\x1b";
  bytes_.clear();
  if (is_escape) callbacks_.on_key("\x1b");
}

}  // namespace chirm::terminal
