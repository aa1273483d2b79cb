// SPDX-License-Identifier: MIT
#include "client/output_buffer.h"

#include <sys/socket.h>

#include <cerrno>

#include "core/base/check.h"

namespace chirm::client {

namespace {

// Capacity that may be kept when all is written: enough for what a quiet client sends. A load
// generator has 100,000 of these.
constexpr std::size_t kKeptBytes = 1024;

}  // namespace

void OutputBuffer::write_to(int fd) {
  while (waiting() > 0 && !is_broken_) {
    const ssize_t sent = send(fd, first_waiting(), waiting(), MSG_NOSIGNAL);
    if (sent >= 0) {
      written_ += static_cast<std::size_t>(sent);
    } else if (errno == EAGAIN) {
      return;
    } else if (errno != EINTR) {
      is_broken_ = true;
    }
  }
  written_ = 0;
  if (bytes_.capacity() > kKeptBytes) {
    bytes_ = {};
  } else {
    bytes_.clear();
  }
}

void OutputBuffer::clear() { *this = {}; }

void OutputBuffer::check() const {
  CHIRM_CHECK(written_ == 0 || written_ < bytes_.size(), written_, bytes_.size());
}

}  // namespace chirm::client
