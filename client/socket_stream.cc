// SPDX-License-Identifier: MIT
#include "client/socket_stream.h"

#include <sys/socket.h>

#include <algorithm>
#include <cerrno>

#include "core/base/check.h"

namespace chirm::client {

namespace {
// Encrypted ahead of the socket.
constexpr std::size_t kCipherBytes = 64 * 1024;

bool is_transient(int error) { return error == EAGAIN || error == EINTR; }

}  // namespace

void SocketStream::begin(const Url& url) {
  tls_.reset();
  if (!url.is_tls) return;
  CHIRM_CHECK(url.tls != nullptr, url.host);
  tls_ = std::make_unique<Tls>(*url.tls, url.host);
  tls_->session.set_output(tls_->cipher);
  if (ticket_) tls_->session.resume(*ticket_);
  tls_->session.begin();
}

void SocketStream::end() {
  if (tls_ && is_ready()) {
    if (auto ticket = tls_->session.ticket()) ticket_ = std::move(ticket);
  }
  tls_.reset();
}

void SocketStream::close(int fd) {
  if (tls_) {
    tls_->session.close();
    (void)flush(fd);  // the server learns it from the end of the stream otherwise
  }
  (void)shutdown(fd, SHUT_WR);
}

SocketStream::Result SocketStream::read(int fd, char* to, std::size_t bytes_max) {
  if (!tls_) {
    const ssize_t got = recv(fd, to, bytes_max, 0);
    if (got > 0) return {.bytes = static_cast<std::size_t>(got)};
    if (got == 0) return {.has_ended = true};
    if (is_transient(errno)) return {};
    return {.error = system_error("connection lost", errno).message};
  }
  CHIRM_CHECK(bytes_max >= kReadBytesMin, bytes_max);
  // What is decrypted of so many bytes, and of the record whose beginning came before, has room.
  char cipher[TlsSession::kRecordBytes];
  const ssize_t got = recv(fd, cipher, sizeof cipher, 0);
  if (got < 0 && is_transient(errno)) return {};
  if (got < 0) return {.error = system_error("connection lost", errno).message};
  if (got == 0) return {.has_ended = true};
  TlsSession& session = tls_->session;
  session.receive({cipher, static_cast<std::size_t>(got)});
  Result result;
  while (const std::size_t more = session.read(to + result.bytes, bytes_max - result.bytes)) {
    result.bytes += more;
    CHIRM_CHECK(result.bytes < bytes_max, result.bytes);
  }
  result.has_ended = session.state() == TlsSession::State::kEnded;
  // What has to be answered goes even when it is the alert that says why this has failed.
  std::string failure = flush(fd);
  if (session.state() == TlsSession::State::kFailed) failure = session.error();
  result.error = std::move(failure);
  return result;
}

SocketStream::Result SocketStream::write(int fd, std::string_view bytes) {
  if (!tls_) {
    const ssize_t sent = send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent >= 0) return {.bytes = static_cast<std::size_t>(sent)};
    if (is_transient(errno)) return {};
    return {.error = system_error("connection lost", errno).message};
  }
  Result result;
  if (tls_->session.state() == TlsSession::State::kFailed) result.error = tls_->session.error();
  if (result.error.empty()) result.error = flush(fd);
  while (result.error.empty() && is_ready() && tls_->cipher.empty() &&
         result.bytes < bytes.size()) {
    const std::string_view part = bytes.substr(result.bytes, kCipherBytes);
    if (!tls_->session.write(part)) return {.error = tls_->session.error()};
    result.bytes += part.size();
    result.error = flush(fd);
  }
  return result;
}

// Why it cannot be sent; "" when it is, or waits.
std::string SocketStream::flush(int fd) {
  std::string& cipher = tls_->cipher;
  if (cipher.empty()) return {};
  const ssize_t sent = send(fd, cipher.data(), cipher.size(), MSG_NOSIGNAL);
  if (sent < 0 && !is_transient(errno)) return system_error("connection lost", errno).message;
  cipher.erase(0, sent < 0 ? 0 : static_cast<std::size_t>(sent));
  if (cipher.empty()) std::string().swap(cipher);
  return {};
}

}  // namespace chirm::client
