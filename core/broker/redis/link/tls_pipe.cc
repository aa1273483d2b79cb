// SPDX-License-Identifier: MIT
#include "core/broker/redis/link/tls_pipe.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <string_view>
#include <utility>

namespace chirm {

namespace {

// Encrypted at once: more would only wait here, as the pair has room as well.
constexpr std::size_t kPlainBytes = 64 * 1024;
// Of one receive(): with the record whose beginning came before, two records of plain text.
constexpr std::size_t kCipherBytes = TlsSession::kRecordBytes;

bool is_transient(int error) { return error == EAGAIN || error == EINTR; }

std::string text_of(int error) { return std::strerror(error); }

// What an operator can do about it.
std::string advised(const std::string& error) {
  struct Advice {
    std::string_view word;
    std::string_view advice;
  };
  static constexpr std::array<Advice, 6> kAdvice = {{
      {"certificate required", "it wants a certificate of this node, see redis-certificate"},
      // What a server of TLS 1.2 says then.
      {"alert handshake failure", "it may want a certificate of this node, see redis-certificate"},
      {"alert unknown ca", "it does not know the authority of redis-certificate"},
      {"alert certificate expired", "redis-certificate has expired"},
      {"alert bad certificate", "it does not take redis-certificate"},
      {"wrong version number", "it does not speak TLS on this port"},
  }};
  for (const Advice& one : kAdvice) {
    if (error.find(one.word) != error.npos) return error + ": " + std::string(one.advice);
  }
  return error;
}

}  // namespace

// The number stays that which hiredis knows: dup3() puts the pair's end where the socket was.
Expected<std::unique_ptr<TlsPipe>, Error> TlsPipe::take(int fd, const TlsContext& context,
                                                        const std::string& host) {
  const int socket = fcntl(fd, F_DUPFD_CLOEXEC, 0);
  if (socket < 0) return Unexpected<Error>(system_error("TLS", errno));
  std::array<int, 2> pair{};
  if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, pair.data()) != 0) {
    const int error = errno;
    ::close(socket);
    return Unexpected<Error>(system_error("TLS", error));
  }
  std::unique_ptr<TlsPipe> pipe(new TlsPipe(socket, pair[1], context, host));
  const bool is_put = dup3(pair[0], fd, O_CLOEXEC) == fd;
  const int error = errno;
  ::close(pair[0]);
  if (!is_put) return Unexpected<Error>(system_error("TLS", error));
  return pipe;
}

TlsPipe::TlsPipe(int socket, int inner, const TlsContext& context, const std::string& host)
    : socket_(socket), inner_(inner), session_(context, host) {
  session_.set_output(cipher_);
  if (session_.state() == TlsSession::State::kFailed) problem_ = session_.error();
}

TlsPipe::~TlsPipe() {
  if (is_open() && problem_.empty()) {
    session_.close();
    flush();  // the server learns it from the end of the stream otherwise
  }
  ::close(socket_);
  ::close(inner_);
}

void TlsPipe::fail(std::string problem) {
  if (problem_.empty()) problem_ = std::move(problem);
}

// A server that refuses a client says why in an alert, and closes: what is written meanwhile fails
// before the alert is read. That is there to be read nevertheless, and says more.
void TlsPipe::fail_as_told_by_server(std::string problem) {
  while (problem_.empty() && plain_.empty() && receive()) {
  }
  fail(std::move(problem));
}

void TlsPipe::note_connected() {
  int error = 0;
  socklen_t size = sizeof error;
  if (getsockopt(socket_, SOL_SOCKET, SO_ERROR, &error, &size) != 0) error = errno;
  if (error != 0) return fail(text_of(error));
  is_connected_ = true;
  session_.begin();
}

// False while the pair is full.
bool TlsPipe::pass_on() {
  if (plain_.empty()) return true;
  const ssize_t sent = ::send(inner_, plain_.data(), plain_.size(), MSG_NOSIGNAL);
  if (sent < 0 && !is_transient(errno)) {
    fail("TLS: " + text_of(errno));
    return false;
  }
  plain_.erase(0, sent < 0 ? 0 : static_cast<std::size_t>(sent));
  return plain_.empty();
}

bool TlsPipe::receive() {
  if (!problem_.empty() || !is_connected_) return false;
  // The session wants all that was received to be read before more is.
  if (!pass_on()) return true;
  std::array<char, kCipherBytes> cipher;
  const ssize_t got = recv(socket_, cipher.data(), cipher.size(), 0);
  if (got < 0) {
    if (!is_transient(errno)) fail(text_of(errno));
    return false;
  }
  if (got == 0) {
    // The first words are hiredis', which are the same without TLS.
    fail(is_open() ? "Server closed the connection"
                   : "Server closed the connection in the TLS handshake");
    return false;
  }
  session_.receive({cipher.data(), static_cast<std::size_t>(got)});
  std::array<char, TlsSession::kRecordBytes> plain;
  while (const std::size_t bytes = session_.read(plain.data(), plain.size())) {
    plain_.append(plain.data(), bytes);
  }
  const bool has_room = pass_on();
  if (session_.state() == TlsSession::State::kEnded) fail("Server closed the connection");
  if (session_.state() == TlsSession::State::kFailed) {
    flush();  // the alert that tells the server why
    fail(advised(session_.error()));
  }
  return !has_room || static_cast<std::size_t>(got) == cipher.size();
}

void TlsPipe::flush() {
  if (cipher_.empty()) return;
  const ssize_t sent = ::send(socket_, cipher_.data(), cipher_.size(), MSG_NOSIGNAL);
  if (sent >= 0) {
    cipher_.erase(0, static_cast<std::size_t>(sent));
  } else if (!is_transient(errno)) {
    const int error = errno;
    cipher_.clear();  // first, as what is received may be answered
    fail_as_told_by_server(text_of(error));
  }
}

void TlsPipe::send() {
  if (!problem_.empty()) return;
  if (!is_connected_) note_connected();
  flush();
  // What does not fit into the socket stays in the pair, and what not into that with hiredis, whose
  // memory is bounded by what its owner gives it.
  std::array<char, kPlainBytes> plain;
  while (problem_.empty() && is_open() && cipher_.empty()) {
    const ssize_t got = recv(inner_, plain.data(), plain.size(), 0);
    if (got <= 0) return;  // hiredis closes its end only with the pipe
    if (!session_.write({plain.data(), static_cast<std::size_t>(got)})) {
      return fail(advised(session_.error()));
    }
    flush();
    if (static_cast<std::size_t>(got) < plain.size()) return;
  }
}

}  // namespace chirm
