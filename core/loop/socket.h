// SPDX-License-Identifier: MIT
#pragma once
// Non-blocking TCP sockets: opening, and owning the descriptor.

#include <cstdint>
#include <string>
#include <utility>

#include "core/base/error.h"
#include "protocol/expected.h"

namespace chirm {

// Owns a file descriptor; closes it once.
class Socket {
 public:
  Socket() = default;
  explicit Socket(int fd) : fd_(fd) {}
  ~Socket() { reset(); }
  Socket(Socket&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Socket& operator=(Socket&& other) noexcept {
    reset(std::exchange(other.fd_, -1));
    return *this;
  }

  int fd() const { return fd_; }
  bool is_open() const { return fd_ >= 0; }
  void reset(int fd = -1);

 private:
  int fd_ = -1;
};

// `address` is a numeric IPv4 or IPv6 address. All sockets are non-blocking and close-on-exec.

// Port 0 lets the kernel choose; see local_port().
[[nodiscard]] Expected<Socket, Error> listen_tcp(const std::string& address, std::uint16_t port);
// The connection is under way when this returns; writability or an error tells how it ended.
// `local_address`, when not empty, is bound first (a port is chosen at connect, so that one address
// can have as many connections as there are ports).
[[nodiscard]] Expected<Socket, Error> connect_tcp(const std::string& address, std::uint16_t port,
                                                  const std::string& local_address);
std::uint16_t local_port(const Socket& socket);
// Numeric; "" when it is not known any more.
std::string peer_address(const Socket& socket);
// The pending error of a socket (SO_ERROR), 0 for none.
int pending_error(const Socket& socket);
void set_no_delay(int fd);

}  // namespace chirm
