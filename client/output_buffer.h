// SPDX-License-Identifier: MIT
#pragma once
// Bytes that wait to be written to a socket. Private to client/.
//
//   bytes    |...written...|......waiting......|
//            0          written_            size()

#include <cstddef>
#include <string>

namespace chirm::client {

class SocketStream;

class OutputBuffer {
 public:
  // To append to.
  std::string& bytes() { return bytes_; }
  std::size_t waiting() const { return bytes_.size() - written_; }
  const char* first_waiting() const { return bytes_.data() + written_; }

  // Writes as much as the stream takes. After an error nothing is written any more, and nothing
  // waits.
  void write_to(SocketStream& stream, int fd);
  // Writing has failed since clear(). What the other side said last can still be read.
  bool is_broken() const { return is_broken_; }
  void clear();
  // Ends the process when what it says of itself does not hold.
  void check() const;

 private:
  std::string bytes_;
  std::size_t written_ = 0;  // 0 when nothing waits
  bool is_broken_ = false;
};

}  // namespace chirm::client
