// SPDX-License-Identifier: MIT
#pragma once
// What a session needs of its connection. Implemented by server/Connection, and by fakes in tests
// and benchmarks. None of these calls back into the session.

#include <sys/uio.h>

#include <cstddef>
#include <span>

namespace chirm {

class Transport {
 public:
  // Hands `bytes` (the sum of the pieces) to the kernel. Returns how many it took. Fewer: either
  // the socket is full, and Session::on_writable() follows, or it broke, and the session's end
  // does.
  virtual std::size_t write(std::span<const iovec> pieces, std::size_t bytes) = 0;
  // Whether Session::on_message() may go on being called. What was already received still is.
  virtual void set_input_wanted(bool is_wanted) = 0;
  // The session's Close frame is queued: the peer has some seconds to read it and answer.
  virtual void on_closing() = 0;
  // The Close frame has been written: nothing will be written any more.
  virtual void on_all_written() = 0;

 protected:
  ~Transport() = default;
};

}  // namespace chirm
