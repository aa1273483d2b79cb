// SPDX-License-Identifier: MIT
#include "core/server/connection.h"

#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "core/base/check.h"
#include "core/chat/hub.h"
#include "core/limits/budgets.h"
#include "core/server/connection_context.h"
#include "core/server/http/client_address.h"
#include "core/server/server_counters.h"
#include "core/server/server_settings.h"
#include "core/tls/tls_session.h"
#include "protocol/limits.h"

namespace chirm {

namespace {

// Encrypted at once, and so what a connection keeps for a socket that takes nothing of it. A write
// of the fan-out is mostly shorter.
constexpr std::size_t kCipherBytes = 32 * 1024;
constexpr std::string_view kNoTls =
    "HTTP/1.1 400 Bad Request\r\nConnection: close\r\nContent-Type: text/plain\r\n"
    "Content-Length: 47\r\n\r\nThis port speaks TLS: use https:// and wss://.\n";

}  // namespace

struct Connection::Tls {
  explicit Tls(const TlsContext& context) : session(context) {}

  TlsSession session;
  std::string cipher;             // encrypted, and not taken by the socket yet
  bool is_open = false;           // the handshake is done
  bool is_shutting_down = false;  // when cipher has been sent
};

Connection::Connection(ConnectionContext& context, Socket socket)
    : context_(context),
      socket_(std::move(socket)),
      decoder_(context.decoder_pool),
      http_(std::make_unique<HttpExchange>(context.http, static_cast<HttpTransport&>(*this))) {
  ++context_.counters.connections;
}

Connection::~Connection() { end(); }

std::optional<AddressBytes> Connection::network() const {
  const auto address = is_counted_ ? std::optional(address_) : direct_address();
  return address ? std::optional(network_of(*address)) : std::nullopt;
}

std::optional<AddressBytes> Connection::direct_address() const {
  auto address = parse_address(peer());
  if (address && is_any_of(context_.settings.trusted_proxies, *address)) return std::nullopt;
  return address;
}

bool Connection::start(HttpService service) {
  CHIRM_CHECK(socket_.is_open() && state_ == State::kHttp);
  service_ = service;
  if (service == HttpService::kHealth) ++context_.counters.spare_connections;
  if (context_.tls && service != HttpService::kRedirect) {
    tls_ = std::make_unique<Tls>(*context_.tls);
  }
  set_deadline(context_.settings.request_timeout_s);
  const auto address = direct_address();
  if (address && service != HttpService::kHealth && !count_as(*address)) return false;
  return context_.poller.add(socket_.fd(), *this, {.readable = true});
}

// We may be deep inside a callback of our own session or decoder here, and the epoll batch of this
// turn may still hold an event for us. So only the socket goes at once: the rest waits for the end
// of the turn, when no frame of ours is on the stack any more.
void Connection::end() {
  if (state_ == State::kEnded) return;
  state_ = State::kEnded;
  --context_.counters.connections;
  if (service_ == HttpService::kHealth) --context_.counters.spare_connections;
  if (std::exchange(is_counted_, false)) context_.budgets.close_socket(network_of(address_));
  context_.wheel.clear(*this);
  context_.poller.forget(*this);
  socket_.reset();
  if (http_) http_->abandon();
  context_.lists.ended.push_back(*this);
}

bool Connection::give_way() {
  // One whose last answer is written only waits for its peer to close.
  if (!http_ || state_ == State::kEnded || !http_->is_waiting()) return false;
  end();
  return true;
}

bool Connection::count_as(const AddressBytes& address) {
  if (is_counted_ && address == address_) return true;
  if (!context_.budgets.open_socket(network_of(address))) return false;
  if (is_counted_) context_.budgets.close_socket(network_of(address_));
  address_ = address;
  is_counted_ = true;
  return true;
}

bool Connection::claim(const std::string& address) {
  const auto known = parse_address(address);
  return !known || count_as(*known);
}

void Connection::drain() {
  if (session_ && state_ == State::kOpen) {
    session_->drain();
  } else if (http_ && http_->is_idle()) {
    end();
  }
}

void Connection::drop() {
  if (session_) return session_->close(disconnects::kInternal);
  end();
}

void Connection::check() const {
  CHIRM_CHECK((state_ == State::kEnded) == !socket_.is_open(), state_);
  CHIRM_CHECK((http_ == nullptr) == (session_ != nullptr), state_);
  if (state_ == State::kHttp) CHIRM_CHECK(http_ != nullptr && !is_decoder_done_);
  if (state_ == State::kOpen) CHIRM_CHECK(session_ != nullptr && !session_->is_closing());
  if (state_ == State::kClosing) CHIRM_CHECK(session_ != nullptr && session_->is_closing());
}

void Connection::set_deadline(std::uint32_t seconds) {
  context_.wheel.set(*this, 1000ULL * seconds);
}

std::string Connection::peer() const { return peer_address(socket_); }

void Connection::watch() {
  if (state_ == State::kEnded) return;
  context_.poller.change(socket_.fd(), *this,
                         {.readable = is_input_wanted_, .writable = is_output_wanted_});
}

void Connection::want_output() {
  is_output_wanted_ = true;
  watch();
}

// Output first: what that frees lets the session take commands again, which the read then brings.
void Connection::on_ready(bool readable, bool writable) {
  // epoll reports an error or a hang-up as both, whether or not we asked for them.
  if (writable && is_output_wanted_) {
    is_output_wanted_ = false;
    watch();
    if (tls_ && !flush_cipher()) {
      // What is encrypted goes before all else.
    } else if (http_) {
      http_->on_writable();
    } else {
      session_->on_writable();
    }
  }
  // What waited through a pause of the process may be too old to be used: see Server::Parts.
  const bool may_read = !context_.sessions.hub.loop().has_paused();
  if (readable && may_read && state_ != State::kEnded) read();
}

// Behind a pause all deadlines are over, also where everything came in time: it ends wordlessly.
void Connection::on_deadline() {
  if (context_.sessions.hub.loop().has_paused()) return end();
  http_ ? http_->on_deadline() : end();
}

// ---- Input

// One read an event, however much more there is: epoll is level-triggered and comes back, and so
// no peer who sends without pause keeps the loop from the others.
void Connection::read() {
  if (tls_ && !tls_->is_open && --context_.handshakes_left < 0) return;
  std::string& buffer = context_.read_buffer;
  const ssize_t got = recv(socket_.fd(), buffer.data(), buffer.size() - limits::kJsonPadding, 0);
  if (got < 0 && (errno == EAGAIN || errno == EINTR)) return;
  if (got == 0 && http_ && http_->on_end_of_input()) return;
  if (got <= 0) return end();
  context_.counters.bytes_received += static_cast<std::uint64_t>(got);
  const std::string_view bytes(buffer.data(), static_cast<std::size_t>(got));
  tls_ ? decrypt(bytes) : on_bytes(bytes);
}

// All of it is used, also when no input is wanted meanwhile, as it is without TLS.
void Connection::decrypt(std::string_view bytes) {
  TlsSession& tls = tls_->session;
  std::string& plain = context_.plain_buffer;
  tls.receive(bytes);
  while (state_ != State::kEnded) {
    context_.cipher_buffer.clear();
    tls.set_output(context_.cipher_buffer);
    const std::size_t got = tls.read(plain.data(), plain.size() - limits::kJsonPadding);
    if (!tls_->is_open && tls.state() == TlsSession::State::kOpen) {
      tls_->is_open = true;
      ++context_.counters.tls_handshakes;
      if (tls.is_resumed()) ++context_.counters.tls_resumed;
    }
    if (tls.state() == TlsSession::State::kFailed) return on_tls_failed();
    if (!context_.cipher_buffer.empty() && !send_cipher(context_.cipher_buffer)) return;
    if (got == 0) break;
    on_bytes(std::string_view(plain.data(), got));
  }
  if (state_ == State::kEnded || tls.state() != TlsSession::State::kEnded) return;
  if (!http_ || !http_->on_end_of_input()) end();
}

// Told by an alert, or in plain words to who does not speak TLS. Whether it arrives is no matter.
void Connection::on_tls_failed() {
  ++context_.counters.tls_failures;
  const std::string_view last =
      tls_->session.is_plain_http() ? kNoTls : std::string_view(context_.cipher_buffer);
  (void)::send(socket_.fd(), last.data(), last.size(), MSG_NOSIGNAL);
  end();
}

void Connection::on_bytes(std::string_view bytes) {
  switch (state_) {
    case State::kHttp:
      if (!context_.lists.is_sending_away) context_.lists.http.push_back(*this);
      return http_->on_bytes(bytes);
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
  session_->on_part(0);
  if (const auto refusal = decoder_.feed(bytes, *this)) {
    is_decoder_done_ = true;
    session_->close(*refusal);
  }
  const std::size_t part_bytes = decoder_.held_bytes();
  if (part_bytes == 0 || session_->is_closing()) return;
  session_->on_part(part_bytes);
  if (!session_->is_closing()) return;
  is_decoder_done_ = true;  // there is no room for the rest, nor for this while it is closed
  decoder_.abandon();
}

// The exchange is destroyed here, within its own call, which promises to touch nothing afterwards.
void Connection::on_upgraded(std::string input) {
  CHIRM_CHECK(state_ == State::kHttp && !session_);
  context_.wheel.clear(*this);
  state_ = State::kOpen;
  if (!context_.lists.is_sending_away) context_.lists.open.push_back(*this);
  session_ = std::make_unique<Session>(context_.sessions, static_cast<Transport&>(*this),
                                       is_counted_ ? &address_ : nullptr);
  http_.reset();
  if (input.empty()) return;
  // Clients may send frames right behind the request; the JSON parser reads beyond their end.
  const std::size_t size = input.size();
  input.append(limits::kJsonPadding, '\0');
  feed(std::string_view(input).substr(0, size));
}

bool Connection::on_message(std::string_view payload) {
  session_->on_message(payload);
  return true;
}

bool Connection::on_ping(std::string_view payload) {
  session_->on_ping(payload);
  return true;
}

// The answer to a ping of ours that WebSocket knows; the protocol's own pings are JSON commands.
bool Connection::on_pong(std::string_view) { return true; }

bool Connection::on_close(std::uint16_t code, std::string_view) {
  is_decoder_done_ = true;
  session_->on_peer_close(code);
  return false;
}

// ---- Output

std::optional<std::size_t> Connection::send(std::string_view bytes) {
  if (state_ == State::kEnded) return std::nullopt;
  if (tls_) {
    const iovec piece{const_cast<char*>(bytes.data()), bytes.size()};
    const std::size_t taken = encrypt({&piece, 1}, bytes.size());
    if (state_ == State::kEnded) return std::nullopt;
    return taken;
  }
  const ssize_t sent = ::send(socket_.fd(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
  if (sent < 0 && errno != EAGAIN && errno != EINTR) {
    end();
    return std::nullopt;
  }
  const std::size_t taken = sent < 0 ? 0 : static_cast<std::size_t>(sent);
  if (taken < bytes.size()) want_output();
  return taken;
}

std::size_t Connection::write(std::span<const iovec> pieces, std::size_t bytes) {
  if (state_ == State::kEnded) return 0;
  if (tls_) {
    const std::size_t taken = encrypt(pieces, bytes);
    context_.counters.bytes_sent += taken;
    return taken;
  }
  msghdr message{};
  message.msg_iov = const_cast<iovec*>(pieces.data());
  message.msg_iovlen = pieces.size();
  // send(2) spares the kernel the copying of the vector: a delivery is mostly one piece, and mostly
  // this call (3.77 against 3.86 us at 150 bytes).
  const ssize_t sent =
      pieces.size() == 1 ? ::send(socket_.fd(), pieces[0].iov_base, pieces[0].iov_len, MSG_NOSIGNAL)
                         : sendmsg(socket_.fd(), &message, MSG_NOSIGNAL);
  if (sent < 0 && errno != EAGAIN && errno != EINTR) {
    end();
    return 0;
  }
  const std::size_t taken = sent < 0 ? 0 : static_cast<std::size_t>(sent);
  context_.counters.bytes_sent += taken;
  if (taken < bytes) want_output();
  return taken;
}

// Few bytes are gathered into one record, for a record costs as much as a thousand bytes; what is
// long is encrypted where it is. What the socket does not take is kept, and nothing more encrypted
// before it is gone.
std::size_t Connection::encrypt(std::span<const iovec> pieces, std::size_t bytes) {
  if (!flush_cipher()) return 0;
  std::string& out = context_.cipher_buffer;
  std::string& gathered = context_.gather_buffer;
  std::size_t taken = 0;
  while (taken < bytes && tls_->cipher.empty() && state_ != State::kEnded) {
    out.clear();
    gathered.clear();
    tls_->session.set_output(out);
    bool is_open = true;
    const auto write_gathered = [&] {
      is_open = is_open && (gathered.empty() || tls_->session.write(gathered));
      gathered.clear();
    };
    const std::size_t end = std::min(bytes, taken + kCipherBytes);
    std::size_t at = 0;
    for (const iovec& piece : pieces) {
      const std::size_t from = std::max(at, taken);
      const std::size_t to = std::min(at + piece.iov_len, end);
      if (from < to) {
        const std::string_view part(static_cast<const char*>(piece.iov_base) + (from - at),
                                    to - from);
        if (gathered.size() + part.size() > TlsSession::kRecordBytes) write_gathered();
        if (part.size() == end - taken || part.size() >= TlsSession::kRecordBytes) {
          is_open = is_open && tls_->session.write(part);
        } else {
          gathered.append(part);
        }
      }
      at += piece.iov_len;
      if (at >= end) break;
    }
    write_gathered();
    if (!is_open) {
      this->end();
      return 0;
    }
    taken = end;
    if (!send_cipher(out)) return taken;
  }
  if (taken < bytes) want_output();
  return taken;
}

// False: the connection has ended.
bool Connection::send_cipher(std::string_view bytes) {
  std::size_t taken = 0;
  if (tls_->cipher.empty()) {
    const ssize_t sent = ::send(socket_.fd(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent < 0 && errno != EAGAIN && errno != EINTR) {
      end();
      return false;
    }
    taken = sent < 0 ? 0 : static_cast<std::size_t>(sent);
  }
  if (taken == bytes.size()) return true;
  tls_->cipher.append(bytes.substr(taken));
  want_output();
  return true;
}

// True: nothing that is encrypted waits any more.
bool Connection::flush_cipher() {
  std::string& cipher = tls_->cipher;
  if (cipher.empty()) return true;
  const ssize_t sent = ::send(socket_.fd(), cipher.data(), cipher.size(), MSG_NOSIGNAL);
  if (sent < 0 && errno != EAGAIN && errno != EINTR) {
    end();
    return false;
  }
  cipher.erase(0, sent < 0 ? 0 : static_cast<std::size_t>(sent));
  if (!cipher.empty()) {
    want_output();
    return false;
  }
  std::string().swap(cipher);
  if (tls_->is_shutting_down) (void)shutdown(socket_.fd(), SHUT_WR);
  return true;
}

void Connection::set_input_wanted(bool is_wanted) {
  if (is_wanted == is_input_wanted_) return;  // a system call saved
  is_input_wanted_ = is_wanted;
  watch();
}

void Connection::on_closing() {
  if (state_ != State::kOpen) return;
  state_ = State::kClosing;
  set_input_wanted(true);  // for the peer's Close frame
  set_deadline(context_.settings.close_timeout_s);
}

// Closing with unread input would reset the connection, and the peer could lose our Close frame: so
// our direction is shut down, and the socket closed when the peer has closed too.
void Connection::on_all_written() {
  if (state_ == State::kEnded) return;
  state_ = State::kFinished;
  shut_down();
}

void Connection::shut_down() {
  if (tls_) {
    context_.cipher_buffer.clear();
    tls_->session.set_output(context_.cipher_buffer);
    tls_->session.close();
    if (!send_cipher(context_.cipher_buffer)) return;
    tls_->is_shutting_down = true;
    if (!tls_->cipher.empty()) return;
  }
  (void)shutdown(socket_.fd(), SHUT_WR);  // fails only when the peer is gone: read() meets that
}

}  // namespace chirm
