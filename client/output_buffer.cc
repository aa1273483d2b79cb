// SPDX-License-Identifier: MIT
#include "client/output_buffer.h"

#include "client/socket_stream.h"
#include "core/base/check.h"

namespace chirm::client {

namespace {

// Capacity that may be kept when all is written: enough for what a quiet client sends. A load
// generator has 100,000 of these.
constexpr std::size_t kKeptBytes = 1024;

}  // namespace

void OutputBuffer::write_to(SocketStream& stream, int fd) {
  while (waiting() > 0 && !is_broken_) {
    const auto sent = stream.write(fd, {first_waiting(), waiting()});
    written_ += sent.bytes;
    is_broken_ = !sent.error.empty();
    if (sent.bytes == 0 && !is_broken_) return;
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
