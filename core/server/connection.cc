// SPDX-License-Identifier: MIT
#include "core/server/connection.h"

#include <sys/socket.h>

#include <cerrno>

#include "core/server/connection_http.h"
#include "core/server/server.h"
#include "protocol/limits.h"

namespace chirm {

Connection::Connection(Server& server, Socket socket)
    : server_(server),
      socket_(std::move(socket)),
      decoder_(server.decoder_pool()),
      http_(std::make_unique<Http>()) {
  ++server_.counters().connections;
}

Connection::~Connection() { --server_.counters().connections; }

bool Connection::start() {
  server_.wheel().set(*this, 1000ULL * server_.settings().request_timeout_s);
  return server_.poller().add(socket_.fd(), *this, {.readable = true});
}

void Connection::end() {
  if (state_ == State::kEnded) return;
  state_ = State::kEnded;
  server_.wheel().clear(*this);
  server_.poller().forget(*this);
  socket_.reset();
  server_.bury(*this);
}

void Connection::drain() {
  if (session_ && state_ == State::kOpen) {
    session_->drain();
  } else if (state_ == State::kRequest && !http_->request) {
    end();
  }
}

void Connection::watch() {
  if (state_ == State::kEnded) return;
  server_.poller().change(socket_.fd(), *this,
                          {.readable = is_input_wanted_, .writable = is_output_wanted_});
}

void Connection::on_ready(bool readable, bool writable) {
  if (writable && is_output_wanted_) {
    is_output_wanted_ = false;
    watch();
    if (state_ == State::kResponse) {
      write_response();
    } else if (session_) {
      session_->on_writable();
    }
  }
  if (readable && state_ != State::kEnded) read();
}

void Connection::on_deadline() { http_ ? on_http_deadline() : end(); }

// ---- Input

void Connection::read() {
  std::string& buffer = server_.read_buffer();
  const ssize_t got = recv(socket_.fd(), buffer.data(), buffer.size() - limits::kJsonPadding, 0);
  if (got < 0 && (errno == EAGAIN || errno == EINTR)) return;
  if (got == 0 && (state_ == State::kHandling || state_ == State::kResponse)) {
    http_->framing.is_last = true;  // no more requests; the answer is still wanted
    return set_input_wanted(false);
  }
  if (got <= 0) return end();
  server_.counters().bytes_received += static_cast<std::uint64_t>(got);
  on_bytes(std::string_view(buffer.data(), static_cast<std::size_t>(got)));
}

void Connection::on_bytes(std::string_view bytes) {
  switch (state_) {
    case State::kRequest:
    case State::kHandling:
    case State::kResponse:
      return on_request_bytes(bytes);
    case State::kOpen:
    case State::kClosing:
      return feed(bytes);
    case State::kFinished:
    case State::kEnded:
      return;  // of no interest any more
  }
}

void Connection::feed(std::string_view bytes) {
  if (is_decoder_done_) return;
  if (const auto refusal = decoder_.feed(bytes, *this)) {
    is_decoder_done_ = true;
    session_->close(*refusal);
  }
}

bool Connection::on_message(std::string_view payload) {
  session_->on_message(payload);
  return true;
}

bool Connection::on_ping(std::string_view payload) {
  session_->on_ping(payload);
  return true;
}

bool Connection::on_pong(std::string_view) { return true; }

bool Connection::on_close(std::uint16_t code, std::string_view) {
  is_decoder_done_ = true;
  session_->on_peer_close(code);
  return false;
}

// ---- Output

std::size_t Connection::write(std::span<const iovec> pieces, std::size_t bytes) {
  if (state_ == State::kEnded) return 0;
  msghdr message{};
  message.msg_iov = const_cast<iovec*>(pieces.data());
  message.msg_iovlen = pieces.size();
  const ssize_t sent = pieces.size() == 1
                           ? send(socket_.fd(), pieces[0].iov_base, pieces[0].iov_len, MSG_NOSIGNAL)
                           : sendmsg(socket_.fd(), &message, MSG_NOSIGNAL);
  if (sent < 0 && errno != EAGAIN && errno != EINTR) {
    end();
    return 0;
  }
  const std::size_t taken = sent < 0 ? 0 : static_cast<std::size_t>(sent);
  server_.counters().bytes_sent += taken;
  if (taken < bytes) {
    is_output_wanted_ = true;
    watch();
  }
  return taken;
}

void Connection::set_input_wanted(bool is_wanted) {
  is_input_wanted_ = is_wanted;
  watch();
}

void Connection::on_closing() {
  if (state_ != State::kOpen) return;
  state_ = State::kClosing;
  set_input_wanted(true);  // for the peer's Close frame
  server_.wheel().set(*this, 1000ULL * server_.settings().close_timeout_s);
}

// Closing with unread input would reset the connection, and the peer could lose our Close frame: so
// our direction is shut down, and the socket closed when the peer has closed too.
void Connection::on_all_written() {
  if (state_ == State::kEnded) return;
  state_ = State::kFinished;
  (void)shutdown(socket_.fd(), SHUT_WR);  // fails only when the peer is gone: read() meets that
}

}  // namespace chirm
