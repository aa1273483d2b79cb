// SPDX-License-Identifier: MIT
#include "bench/load/pipe.h"

#include <poll.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>

namespace chirm::load {

namespace {
struct Header {
  std::uint32_t kind;
  std::uint32_t body_bytes;
};
}  // namespace

std::pair<Pipe, Pipe> Pipe::make() {
  int ends[2];
  const int rc = socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends);
  CHIRM_CHECK(rc == 0, errno);
  return {Pipe(Socket(ends[0])), Pipe(Socket(ends[1]))};
}

void Pipe::send(std::uint32_t kind, std::string_view body) {
  const Header header{kind, static_cast<std::uint32_t>(body.size())};
  std::string bytes(reinterpret_cast<const char*>(&header), sizeof header);
  bytes.append(body);
  for (std::string_view rest = bytes; !rest.empty();) {
    const ssize_t sent = ::send(socket_.fd(), rest.data(), rest.size(), MSG_NOSIGNAL);
    if (sent < 0 && errno == EAGAIN) {  // libuv makes what it watches non-blocking
      pollfd writable{socket_.fd(), POLLOUT, 0};
      (void)poll(&writable, 1, -1);
      continue;
    }
    if (sent < 0 && errno == EINTR) continue;
    if (sent < 0) return;  // the other end is gone; receive() will tell
    rest.remove_prefix(static_cast<std::size_t>(sent));
  }
}

bool Pipe::receive() {
  std::array<char, 64 * 1024> buffer;
  const ssize_t got = recv(socket_.fd(), buffer.data(), buffer.size(), 0);
  // Any other error is the end, like a peer that has closed: there is nothing more to come.
  if (got < 0) return errno == EINTR || errno == EAGAIN;
  received_.append(buffer.data(), static_cast<std::size_t>(got));
  return got > 0;
}

std::optional<PipeMessage> Pipe::next() {
  Header header;
  if (received_.size() < sizeof header) return std::nullopt;
  std::memcpy(&header, received_.data(), sizeof header);
  if (received_.size() - sizeof header < header.body_bytes) return std::nullopt;
  PipeMessage message{header.kind, received_.substr(sizeof header, header.body_bytes)};
  received_.erase(0, sizeof header + header.body_bytes);
  return message;
}

}  // namespace chirm::load
