// SPDX-License-Identifier: MIT
#include "tests/support/raw_client.h"

#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <cstdlib>

#include "core/base/check.h"
#include "protocol/http.h"
#include "protocol/limits.h"

namespace chirm::testing {

namespace {

constexpr std::string_view kKey = "dGhlIHNhbXBsZSBub25jZQ==";  // RFC 6455 §1.3

Socket connect_to(std::uint16_t port) {
  auto socket = connect_tcp("127.0.0.1", port, "");
  CHIRM_CHECK(socket.has_value(), port);
  return std::move(*socket);
}

}  // namespace

RawClient::RawClient(Loop& loop, std::uint16_t port)
    : socket_(connect_to(port)),
      watcher_(
          std::make_unique<FdWatcher>(loop, socket_.fd(), [this](auto ready) { on_ready(ready); })),
      pool_(WsRole::kClient, limits::kServerMessageBytes) {
  watch();
}

void RawClient::send_bytes(std::string_view bytes) {
  unsent_ += bytes;
  write();
  watch();
}

std::string RawClient::upgrade_text(std::string_view more_headers) {
  std::string text = upgrade_request("127.0.0.1", "/connection/websocket", kKey);
  text.insert(text.size() - 2, more_headers);
  return text;
}

void RawClient::send_upgrade(std::string_view more_headers) {
  send_bytes(upgrade_text(more_headers));
}

std::string RawClient::frame(std::string_view text) {
  std::string bytes;
  WsEncoder(WsRole::kClient).append(bytes, Opcode::kText, text);
  return bytes;
}

void RawClient::send(std::string_view text) { send_bytes(frame(text)); }

void RawClient::send_close(std::uint16_t code) {
  std::string bytes;
  WsEncoder(WsRole::kClient).append_close(bytes, code, "");
  send_bytes(bytes);
}

void RawClient::stop_reading() {
  is_reading_ = false;
  watch();
}

void RawClient::go_on_reading() {
  is_reading_ = true;
  watch();
}

void RawClient::shut_down() { CHIRM_CHECK(shutdown(socket_.fd(), SHUT_WR) == 0, errno); }

void RawClient::close() {
  watcher_.reset();
  socket_.reset();
}

void RawClient::reset() {
  const linger at_once{.l_onoff = 1, .l_linger = 0};
  CHIRM_CHECK(setsockopt(socket_.fd(), SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once) == 0);
  close();
}

int RawClient::status() const {
  constexpr std::string_view kStart = "HTTP/1.1 ";
  if (!http.starts_with(kStart)) return 0;
  return std::atoi(http.c_str() + kStart.size());
}

void RawClient::watch() {
  if (watcher_ == nullptr) return;
  watcher_->watch({.readable = is_reading_ && !is_ended_, .writable = !unsent_.empty()});
}

void RawClient::on_ready(FdWatcher::Events ready) {
  if (ready.writable && !unsent_.empty()) write();
  if (ready.readable && is_reading_ && !is_ended_) read();
  watch();
}

void RawClient::write() {
  if (!socket_.is_open() || unsent_.empty()) return;
  const ssize_t sent = ::send(socket_.fd(), unsent_.data(), unsent_.size(), MSG_NOSIGNAL);
  if (sent >= 0) {
    unsent_.erase(0, static_cast<std::size_t>(sent));
  } else if (errno != EAGAIN && errno != ENOTCONN) {
    unsent_.clear();  // the server is gone; reading tells how
  }
}

void RawClient::read() {
  std::array<char, 64 * 1024> buffer;
  const ssize_t got = recv(socket_.fd(), buffer.data(), buffer.size(), 0);
  if (got < 0 && errno == EAGAIN) return;
  if (got <= 0) {
    is_ended_ = true;
    was_reset_ = got < 0;
    return;
  }
  on_bytes({buffer.data(), static_cast<std::size_t>(got)});
}

void RawClient::on_bytes(std::string_view bytes) {
  std::string rest;
  if (!is_upgraded_) {
    http += bytes;
    const auto head = parse_upgrade_response(http, kKey);
    if (!head || !*head) return;  // not an upgrade, or not yet
    is_upgraded_ = true;
    rest = http.substr(**head);
    http.resize(**head);
    bytes = rest;
  }
  // After a Close frame nothing may come.
  CHIRM_CHECK(bytes.empty() || events.close_code == 0, bytes.size());
  const auto refusal = decoder_.feed(bytes, events);
  CHIRM_CHECK(!refusal, refusal->reason);
}

}  // namespace chirm::testing
