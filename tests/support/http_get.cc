// SPDX-License-Identifier: MIT
#include "tests/support/http_get.h"

#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/time.h>

#include <array>
#include <cstdlib>

#include "core/loop/socket.h"

namespace chirm::testing {

namespace {

HttpAnswer exchange(std::uint16_t port, const std::string& request, int patience_ms) {
  const timeval patience{.tv_sec = patience_ms / 1000, .tv_usec = patience_ms % 1000 * 1000};
  const Socket socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  (void)setsockopt(socket.fd(), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (connect(socket.fd(), reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) return {};
  (void)send(socket.fd(), request.data(), request.size(), MSG_NOSIGNAL);
  std::string answer;
  std::array<char, 16 * 1024> buffer{};
  ssize_t bytes = 0;
  while ((bytes = recv(socket.fd(), buffer.data(), buffer.size(), 0)) > 0) {
    answer.append(buffer.data(), static_cast<std::size_t>(bytes));
  }
  const std::size_t head_end = answer.find("\r\n\r\n");
  const std::size_t space = answer.find(' ');
  if (head_end == answer.npos || space == answer.npos) return {};
  return {std::atoi(answer.c_str() + space), answer.substr(head_end + 4)};
}

constexpr const char* kHead = " HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n";

}  // namespace

HttpAnswer http_get(std::uint16_t port, const std::string& path, int patience_ms) {
  return exchange(port, "GET " + path + kHead + "\r\n", patience_ms);
}

HttpAnswer http_post(std::uint16_t port, const std::string& path, const std::string& headers,
                     const std::string& body, int patience_ms) {
  return exchange(port,
                  "POST " + path + kHead + headers + "Content-Type: application/json\r\n" +
                      "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body,
                  patience_ms);
}

}  // namespace chirm::testing
