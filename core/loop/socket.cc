// SPDX-License-Identifier: MIT
#include "core/loop/socket.h"

#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <memory>

#include "core/base/address_range.h"

namespace chirm {

namespace {

using AddressInfo = std::unique_ptr<addrinfo, decltype(&freeaddrinfo)>;

Expected<AddressInfo, Error> numeric_address(const std::string& address, std::uint16_t port) {
  addrinfo hints{};
  // Numeric only, so that this never asks a name server: it would block the loop. See Resolver.
  hints.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV | AI_PASSIVE;
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  const int rc = getaddrinfo(address.c_str(), std::to_string(port).c_str(), &hints, &found);
  if (rc != 0) {
    return Unexpected<Error>({"'" + address + "' is not an IPv4 or IPv6 address"});
  }
  return AddressInfo(found, &freeaddrinfo);
}

Expected<Socket, Error> open_socket(const addrinfo& address) {
  Socket socket(::socket(address.ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!socket.is_open()) return Unexpected<Error>(system_error("cannot open a socket", errno));
  return socket;
}

void set_flag(int fd, int level, int option) {
  const int on = 1;
  (void)setsockopt(fd, level, option, &on, sizeof on);  // an optimisation or a convenience only
}

}  // namespace

void Socket::reset(int fd) {
  if (fd_ >= 0) (void)close(fd_);  // nothing can be done about an error, and it is closed anyway
  fd_ = fd;
}

Expected<Socket, Error> listen_tcp(const std::string& address, std::uint16_t port) {
  auto info = numeric_address(address, port);
  if (!info) return Unexpected<Error>(info.error());
  auto socket = open_socket(**info);
  if (!socket) return socket;
  // A server that is started again must not wait until its former connections have left TIME_WAIT.
  set_flag(socket->fd(), SOL_SOCKET, SO_REUSEADDR);
  const std::string where = address + ":" + std::to_string(port);
  if (bind(socket->fd(), (*info)->ai_addr, (*info)->ai_addrlen) != 0 ||
      listen(socket->fd(), SOMAXCONN) != 0) {
    return Unexpected<Error>(system_error("cannot listen on " + where, errno));
  }
  return socket;
}

Expected<Socket, Error> connect_tcp(const std::string& address, std::uint16_t port,
                                    const std::string& local_address) {
  auto info = numeric_address(address, port);
  if (!info) return Unexpected<Error>(info.error());
  auto socket = open_socket(**info);
  if (!socket) return socket;
  set_no_delay(socket->fd());
  if (!local_address.empty()) {
    auto local = numeric_address(local_address, 0);
    if (!local) return Unexpected<Error>(local.error());
    // Without it bind() takes a port that no other connection has, of which there are 28,000; with
    // it connect() chooses one that only has to be new towards that server.
    set_flag(socket->fd(), IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT);
    if (bind(socket->fd(), (*local)->ai_addr, (*local)->ai_addrlen) != 0) {
      return Unexpected<Error>(system_error("cannot bind to " + local_address, errno));
    }
  }
  if (connect(socket->fd(), (*info)->ai_addr, (*info)->ai_addrlen) != 0 && errno != EINPROGRESS) {
    const std::string where = address + ":" + std::to_string(port);
    return Unexpected<Error>(system_error("cannot connect to " + where, errno));
  }
  return socket;
}

std::uint16_t local_port(const Socket& socket) {
  sockaddr_storage address{};
  socklen_t length = sizeof address;
  if (getsockname(socket.fd(), reinterpret_cast<sockaddr*>(&address), &length) != 0) return 0;
  const in_port_t port = address.ss_family == AF_INET6
                             ? reinterpret_cast<sockaddr_in6&>(address).sin6_port
                             : reinterpret_cast<sockaddr_in&>(address).sin_port;
  return ntohs(port);
}

std::string peer_address(const Socket& socket) {
  sockaddr_storage address{};
  socklen_t length = sizeof address;
  if (getpeername(socket.fd(), reinterpret_cast<sockaddr*>(&address), &length) != 0) return {};
  AddressBytes bytes{};
  if (address.ss_family == AF_INET6) {
    const auto& ip = reinterpret_cast<const sockaddr_in6&>(address).sin6_addr;
    std::copy_n(ip.s6_addr, bytes.size(), bytes.begin());
  } else {
    bytes[10] = bytes[11] = 0xff;
    const auto& ip = reinterpret_cast<const sockaddr_in&>(address).sin_addr;
    std::copy_n(reinterpret_cast<const std::uint8_t*>(&ip.s_addr), 4, bytes.begin() + 12);
  }
  return to_text(bytes);
}

int pending_error(const Socket& socket) {
  int error = 0;
  socklen_t length = sizeof error;
  if (getsockopt(socket.fd(), SOL_SOCKET, SO_ERROR, &error, &length) != 0) return errno;
  return error;
}

// Frames are gathered into one write a turn already; Nagle's algorithm would hold the next one back
// until the client's delayed acknowledgement, for 40 ms.
void set_no_delay(int fd) { set_flag(fd, IPPROTO_TCP, TCP_NODELAY); }

}  // namespace chirm
