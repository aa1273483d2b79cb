// SPDX-License-Identifier: MIT
#pragma once
// What a session needs of its connection. Implemented by core/server/connection.h, and by fakes in
// tests and benchmarks. None of these functions calls back into the session. On the loop's thread.

#include <sys/uio.h>

#include <cstddef>
#include <span>

namespace chirm {

class Transport {
 public:
  // Hands the pieces, `bytes` in all, to the kernel. Returns how many bytes it has taken. If these
  // are fewer, either the socket is full, and Session::on_writable() follows when it is not any
  // more; or it is broken, and the session is ended later.
  virtual std::size_t write(std::span<const iovec> pieces, std::size_t bytes) = 0;
  // Whether the connection is read. Messages that have been received already are still handed to
  // Session::on_message().
  virtual void set_input_wanted(bool is_wanted) = 0;
  // The session has queued its Close frame. From now on the peer has some seconds to read it and
  // to answer.
  virtual void on_closing() = 0;
  // The Close frame has been written, and nothing will be written any more.
  virtual void on_all_written() = 0;

 protected:
  ~Transport() = default;
};

}  // namespace chirm
