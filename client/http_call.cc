// SPDX-License-Identifier: MIT
#include "client/http_call.h"

#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <utility>

#include "client/host_addresses.h"

namespace chirm::client {

HttpCall::HttpCall(Loop& loop, const Url& url, std::string_view method, std::string_view target,
                   std::string_view body, std::uint64_t timeout_ms, OnReply done)
    : loop_(loop),
      url_(url),
      authority_(url.authority()),
      output_(http_request(method, authority_, target, body)),
      done_(std::move(done)),
      resolver_(loop),
      deadline_(loop,
                [this] { fail(problem_.empty() ? "no answer from " + authority_ : problem_); }),
      next_(loop, [this] { connect_next(); }) {
  deadline_.start(timeout_ms);
  resolve(url);
}

void HttpCall::resolve(const Url& url) {
  addresses_ = known_addresses(url.host);
  std::reverse(addresses_.begin(), addresses_.end());
  if (!addresses_.empty()) return next_.start(0);
  resolver_.resolve(url.host, [this](Expected<std::vector<std::string>, Error> found) {
    if (!found) {
      problem_ = found.error().message;
    } else {
      addresses_ = std::move(*found);
      std::reverse(addresses_.begin(), addresses_.end());
    }
    next_.start(0);
  });
}

// Tries the addresses one after another, each in a turn of its own: the end may destroy the call,
// which must not happen below its constructor.
void HttpCall::connect_next() {
  watcher_.reset();  // before the socket that it watches
  if (addresses_.empty()) return fail(problem_);
  const std::string address = std::move(addresses_.back());
  addresses_.pop_back();
  auto socket = connect_tcp(address, url_.port, {});
  if (!socket) {
    problem_ = socket.error().message;
    return next_.start(0);
  }
  socket_ = std::move(*socket);
  watcher_ = std::make_unique<FdWatcher>(loop_, socket_.fd(), [this](auto) { on_ready(); });
  watcher_->watch({.writable = true});
}

void HttpCall::on_ready() {
  if (is_connecting_) return on_connected();
  if (!output_.empty() || stream_.wants_write()) write();
  if (done_ && socket_.is_open()) read();
}

void HttpCall::on_connected() {
  const int error = pending_error(socket_);
  if (error != 0) {
    // Said only if no address is better.
    problem_ = system_error("cannot connect to " + authority_, error).message;
    watcher_->watch({});
    return next_.start(0);
  }
  is_connecting_ = false;
  stream_.begin(url_);
  write();
}

void HttpCall::write() {
  const SocketStream::Result sent = stream_.write(socket_.fd(), output_);
  output_.erase(0, sent.bytes);
  if (!sent.error.empty()) return fail(authority_ + ": " + sent.error);
  // With TLS a handshake is read meanwhile. Else only then: a server that answers early has
  // refused, and says so when it has all.
  const bool waits_to_write = stream_.wants_write() || (!output_.empty() && stream_.is_ready());
  watcher_->watch({.readable = output_.empty() || url_.is_tls, .writable = waits_to_write});
}

void HttpCall::read() {
  std::array<char, SocketStream::kReadBytesMin> buffer;
  const SocketStream::Result received = stream_.read(socket_.fd(), buffer.data(), buffer.size());
  if (received.bytes == 0) {
    if (!received.error.empty()) return fail(authority_ + ": " + received.error);
    if (!received.has_ended) return write();  // a handshake may have come to its end
  }
  // A body without a length ends with the connection.
  const auto complete =
      received.bytes == 0 ? reader_.end() : reader_.feed({buffer.data(), received.bytes});
  if (!complete) return fail(complete.error());
  if (*complete) finish(reader_.take());
}

void HttpCall::fail(std::string_view why) { finish(Unexpected<Error>({std::string(why)})); }

// The last line of whoever calls it.
void HttpCall::finish(Expected<HttpReply, Error> reply) {
  deadline_.stop();
  next_.stop();
  watcher_.reset();
  stream_.end();
  socket_.reset();
  const OnReply done = std::exchange(done_, nullptr);
  if (done) done(std::move(reply));
}

}  // namespace chirm::client
