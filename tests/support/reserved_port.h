// SPDX-License-Identifier: MIT
#pragma once
// A TCP port of 127.0.0.1 that nobody else is given while this lives, for a server that takes it by
// number and may come and go: a socket that is bound to it and does not listen.

#include <netinet/in.h>
#include <sys/socket.h>

#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include "core/base/check.h"
#include "core/loop/socket.h"

namespace chirm::testing {

class ReservedPort {
 public:
  ReservedPort() { CHIRM_CHECK(bind_to(0)); }
  // `count` ports in a row.
  static std::vector<ReservedPort> row(std::size_t count);

  std::uint16_t number() const { return local_port(socket_); }

 private:
  bool bind_to(std::uint16_t port) {
    socket_.reset(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    const int on = 1;  // as servers do: both may bind as long as only one listens
    CHIRM_CHECK(setsockopt(socket_.fd(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) == 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return bind(socket_.fd(), reinterpret_cast<sockaddr*>(&address), sizeof address) == 0;
  }

  Socket socket_;
};

inline std::vector<ReservedPort> ReservedPort::row(std::size_t count) {
  while (true) {
    std::vector<ReservedPort> ports(1);
    const std::uint16_t first = ports.front().number();
    while (ports.size() < count) {
      ReservedPort next;
      if (!next.bind_to(static_cast<std::uint16_t>(first + ports.size()))) break;
      ports.push_back(std::move(next));
    }
    if (ports.size() == count) return ports;
  }
}

}  // namespace chirm::testing
