// SPDX-License-Identifier: MIT
#include "client/terminal/plain/line_reader.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

namespace chirm::terminal {

namespace {

// Regular files and devices like /dev/null are always ready, and epoll refuses them.
bool can_be_watched(int fd) {
  struct stat status {};
  if (fstat(fd, &status) != 0) return false;
  return S_ISFIFO(status.st_mode) || S_ISSOCK(status.st_mode) || isatty(fd) == 1;
}

// A descriptor of our own for the same pipe or terminal, so that making it non-blocking does not
// change it for the processes that share it. Sockets cannot be opened again.
int open_again(int fd) {
  return open(("/proc/self/fd/" + std::to_string(fd)).c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
}

}  // namespace

LineReader::LineReader(Loop& loop, int fd, OnLine on_line, std::function<void()> on_end)
    : fd_(fd),
      on_line_(std::move(on_line)),
      on_end_(std::move(on_end)),
      next_(loop, [this] { step(); }) {
  if (!can_be_watched(fd)) return;
  own_.reset(open_again(fd));
  if (own_.is_open()) fd_ = own_.fd();
  watcher_ = std::make_unique<FdWatcher>(loop, fd_, [this](auto) { step(); });
}

LineReader::~LineReader() = default;

void LineReader::resume() {
  is_paused_ = false;
  schedule();
}

void LineReader::pause() {
  is_paused_ = true;
  schedule();
}

// What has to happen for step() to be called next.
void LineReader::schedule() {
  const bool has_line = buffer_.find('\n') != std::string::npos;
  const bool wants_input = !is_paused_ && !is_at_end_;
  if (watcher_) watcher_->watch({.readable = wants_input && !has_line});
  if (!is_paused_ && (has_line || is_at_end_ || !watcher_)) next_.start(0);
}

// One read or one batch of lines per turn: a file is always ready, and would keep the loop for
// itself.
void LineReader::step() {
  if (is_paused_) return;
  if (buffer_.find('\n') == std::string::npos && !is_at_end_ && !read()) return schedule();
  take_lines();
  if (is_paused_) return;
  if (!is_at_end_ || !buffer_.empty()) return schedule();
  is_paused_ = true;  // the end is told once
  on_end_();
}

// False when there is nothing at the moment.
bool LineReader::read() {
  const std::size_t before = buffer_.size();
  buffer_.resize(before + kReadBytes);
  const ssize_t received = ::read(fd_, buffer_.data() + before, kReadBytes);
  buffer_.resize(before + static_cast<std::size_t>(received > 0 ? received : 0));
  if (received < 0 && (errno == EAGAIN || errno == EINTR)) return false;
  is_at_end_ = received <= 0;  // an error is an end, too
  // The last line counts without its line feed, too.
  if (is_at_end_ && !buffer_.empty() && buffer_.back() != '\n') buffer_ += '\n';
  return true;
}

void LineReader::take_lines() {
  std::size_t taken = 0;
  for (std::size_t end; !is_paused_ && (end = buffer_.find('\n', taken)) != std::string::npos;) {
    const std::string line = buffer_.substr(taken, end - taken);
    taken = end + 1;
    if (is_skipping_) {
      is_skipping_ = false;
    } else {
      on_line_(std::string_view(line).substr(0, kLineBytesMax), line.size() <= kLineBytesMax);
    }
  }
  buffer_.erase(0, taken);
  // A line without an end may not fill the memory: its beginning is told, the rest is skipped.
  if (!is_paused_ && buffer_.size() > kLineBytesMax) {
    if (!is_skipping_) on_line_(std::string_view(buffer_).substr(0, kLineBytesMax), false);
    is_skipping_ = true;
    buffer_.clear();
  }
}

}  // namespace chirm::terminal
