// SPDX-License-Identifier: MIT
#include "client/connection.h"

#include <sys/socket.h>

#include <algorithm>
#include <cerrno>

#include "client/host_addresses.h"
#include "core/base/check.h"
#include "protocol/http.h"
#include "protocol/limits.h"

namespace chirm::client {

namespace {

std::string new_websocket_key(Random& random) {
  std::uint8_t bytes[16];
  for (std::uint8_t& byte : bytes) byte = static_cast<std::uint8_t>(random.between(0, 255));
  return make_websocket_key(bytes);
}

// The length of the frame that `bytes` starts with, header and payload (RFC 6455 §5.2); 0 while its
// length is not known. The decoder refuses masked frames, so that none is expected here.
std::uint64_t frame_bytes(std::string_view bytes) {
  if (bytes.size() < 2) return 0;
  const auto at = [&](std::size_t i) { return static_cast<unsigned char>(bytes[i]); };
  const unsigned length = at(1) & 0x7fU;
  if (length < 126) return 2 + length;
  const std::size_t length_bytes = length == 126 ? 2 : 8;
  if (bytes.size() < 2 + length_bytes) return 0;
  std::uint64_t payload_bytes = 0;
  for (std::size_t i = 2; i < 2 + length_bytes; ++i) payload_bytes = payload_bytes << 8 | at(i);
  constexpr std::uint64_t kPayloadMax = UINT64_MAX >> 1;  // more is refused by the decoder
  return 2 + length_bytes + std::min(payload_bytes, kPayloadMax);
}

}  // namespace

Connection::Connection(Context& context, ConnectionHandler& handler)
    : context_(context), handler_(handler), resolver_(context.loop) {}

Connection::~Connection() {
  CHIRM_CHECK(!is_feeding_);
  close();
}

std::optional<Error> Connection::open(const Url& url, const std::string& local_address,
                                      std::uint32_t receive_buffer_bytes) {
  CHIRM_CHECK(state_ == State::kClosed);
  upgrade_ = std::make_unique<Upgrade>(Upgrade{url, local_address, receive_buffer_bytes, {}, {}});
  last_read_ms_ = context_.loop.now_ms();
  const std::vector<std::string> known = known_addresses(url.host);
  if (!known.empty()) return open_socket(next_of(known));
  state_ = State::kResolving;
  resolver_.resolve(url.host, [this](const Expected<std::vector<std::string>, Error>& addresses) {
    if (state_ != State::kResolving) return;  // closed meanwhile
    if (!addresses) return fail(0, addresses.error().message);
    if (const auto error = open_socket(next_of(*addresses))) fail(0, error->message);
  });
  return std::nullopt;
}

// Each attempt takes the next address: a server may listen on one of them only, and one of several
// servers may be gone.
const std::string& Connection::next_of(const std::vector<std::string>& addresses) {
  return addresses[attempts_++ % addresses.size()];
}

// Nothing is told to the handler from here: open() returns the error, for whoever calls it may be
// in the middle of something.
std::optional<Error> Connection::open_socket(const std::string& address) {
  auto socket = connect_tcp(address, upgrade_->url.port, upgrade_->local_address);
  if (!socket) {
    close();
    return socket.error();
  }
  socket_ = std::move(*socket);
  // Before the handshake, which tells the other side how much may be on its way.
  if (const auto bytes = static_cast<int>(upgrade_->receive_buffer_bytes); bytes != 0) {
    (void)setsockopt(socket_.fd(), SOL_SOCKET, SO_RCVBUF, &bytes, sizeof bytes);
  }
  if (!context_.poller.add(socket_.fd(), *this, {.writable = true})) {
    const int error = errno;
    close();
    return system_error("cannot watch a socket", error);
  }
  state_ = State::kConnecting;
  return std::nullopt;
}

// The decoder may be what has called us, through the handler. Then feed() ends it when it is back.
void Connection::close() {
  state_ = State::kClosed;
  stream_.end();
  socket_.reset();
  context_.poller.forget(*this);
  if (!is_feeding_) decoder_.reset();
  frame_left_ = 0;
  header_start_.clear();
  output_.clear();
  is_watching_write_ = is_reading_paused_ = false;
  upgrade_.reset();
}

Socket Connection::abandon() {
  if (socket_.is_open()) context_.poller.remove(socket_.fd());
  Socket abandoned = std::move(socket_);
  close();
  return abandoned;
}

void Connection::pause_reading(bool is_paused) {
  if (state_ != State::kOpen || is_paused == is_reading_paused_) return;
  is_reading_paused_ = is_paused;
  watch();
}

void Connection::close(const Disconnect& why) {
  if (state_ == State::kOpen && !output_.is_broken()) {
    context_.encoder.append_close(output_.bytes(), why.code, why.reason);
    // Best effort: the server learns it from the end of the stream otherwise.
    (void)stream_.write(socket_.fd(), {output_.first_waiting(), output_.waiting()});
    stream_.close(socket_.fd());
  }
  close();
}

void Connection::queue(std::string_view payload) {
  CHIRM_CHECK(state_ == State::kOpen);
  context_.encoder.append(output_.bytes(), Opcode::kText, payload);
}

void Connection::flush() {
  if (state_ == State::kOpen && !is_watching_write_) write();
}

void Connection::on_ready(bool readable, bool writable) {
  if (state_ == State::kConnecting) return finish_connect();
  // First written, then read: reading may end the connection, and what waits would be lost.
  if (writable && is_watching_write_) {
    write();
    if (queued_bytes() == 0 && state_ == State::kOpen) handler_.on_drained();
  }
  if (readable && state_ >= State::kUpgrading) read();
}

void Connection::finish_connect() {
  const int error = pending_error(socket_);
  if (error != 0) {
    return fail(0, system_error("cannot connect to " + upgrade_->url.authority(), error).message);
  }
  state_ = State::kUpgrading;
  upgrade_->key = new_websocket_key(context_.random);
  stream_.begin(upgrade_->url);
  output_.bytes() = upgrade_request(upgrade_->url.authority(), upgrade_->url.target, upgrade_->key);
  is_watching_write_ = true;
  write();
}

void Connection::read() {
  // One buffer for all connections of the loop: of 100,000, each would keep hundreds of KiB. Only
  // the start of a header is kept from one read to the next; the decoder keeps the rest.
  std::string& buffer = context_.read_buffer;
  const std::size_t kept = header_start_.copy(buffer.data(), header_start_.size());
  const SocketStream::Result received =
      stream_.read(socket_.fd(), buffer.data() + kept, buffer.size() - limits::kJsonPadding - kept);
  if (received.bytes == 0) {
    if (!received.error.empty()) {
      // The next address would only hide what is wrong with the certificate of this one.
      if (!stream_.is_ready()) --attempts_;
      return fail(0, received.error);
    }
    if (!received.has_ended) return write();  // a handshake may have come to its end
    return fail(0, state_ == State::kOpen ? "the server closed the connection"
                                          : "the server closed the connection before it answered");
  }
  header_start_.clear();
  last_read_ms_ = context_.loop.now_ms();
  const std::string_view bytes(buffer.data(), kept + received.bytes);
  if (state_ == State::kUpgrading) {
    write();  // what waited for the handshake
    take_upgrade(bytes);
  } else {
    take_frames(bytes);
  }
}

void Connection::take_upgrade(std::string_view bytes) {
  upgrade_->received += bytes;
  const auto head = parse_upgrade_response(upgrade_->received, upgrade_->key);
  if (!head) return fail(0, head.error());
  if (!*head) return;
  const auto upgrade = std::move(upgrade_);  // what is behind the head are frames
  decoder_.emplace(context_.decoder_pool);
  state_ = State::kOpen;
  handler_.on_open();
  if (state_ == State::kOpen) take_frames(std::string_view(upgrade->received).substr(**head));
}

// Gives the decoder one frame at a time, so that it stands at a message boundary, where on_bytes()
// may take over, as often as possible.
void Connection::take_frames(std::string_view bytes) {
  while (!bytes.empty() && state_ == State::kOpen) {
    if (frame_left_ == 0) {
      if (decoder_->is_at_message_boundary()) {
        const std::size_t taken = handler_.on_bytes(bytes);
        CHIRM_CHECK(taken <= bytes.size(), taken, bytes.size());
        bytes.remove_prefix(taken);
        if (bytes.empty() || state_ != State::kOpen) return;
      }
      frame_left_ = frame_bytes(bytes);
      if (frame_left_ == 0) {
        header_start_ = bytes;
        return;
      }
    }
    const std::string_view piece = bytes.substr(0, frame_left_);
    bytes.remove_prefix(piece.size());
    frame_left_ -= piece.size();
    feed(piece);
  }
}

void Connection::feed(std::string_view bytes) {
  is_feeding_ = true;
  const auto refused = decoder_->feed(bytes, *this);
  is_feeding_ = false;
  if (state_ != State::kOpen) {
    decoder_.reset();  // which close() could not do
  } else if (refused) {
    const Disconnect why = *refused;
    close(why);
    handler_.on_close(why.code, why.reason);
  }
}

bool Connection::on_message(std::string_view payload) {
  handler_.on_message(payload);
  return state_ == State::kOpen;
}

bool Connection::on_ping(std::string_view payload) {
  context_.encoder.append(output_.bytes(), Opcode::kPong, payload);
  flush();
  return state_ == State::kOpen;
}

bool Connection::on_pong(std::string_view) { return true; }

bool Connection::on_close(std::uint16_t code, std::string_view reason) {
  const std::string kept_reason(reason);
  // 1005 stands for "no code" and must not be sent (RFC 6455 §7.4.1).
  close({code == 1005 ? disconnects::kNormal.code : code, ""});
  handler_.on_close(code, kept_reason.empty() ? "closed by the server" : kept_reason);
  return false;
}

void Connection::write() {
  output_.write_to(stream_, socket_.fd());
  if constexpr (kChecksInvariants) output_.check();
  // While a handshake goes on, the socket would be writable all the time.
  watch(stream_.wants_write() || (queued_bytes() > 0 && stream_.is_ready()));
}

void Connection::watch(bool is_writing) {
  if (is_writing == is_watching_write_) return;
  is_watching_write_ = is_writing;
  watch();
}

void Connection::watch() {
  context_.poller.change(socket_.fd(), *this,
                         {.readable = !is_reading_paused_, .writable = is_watching_write_});
}

void Connection::fail(std::uint16_t code, std::string_view reason) {
  const std::string kept_reason(reason);  // it may be in what close() frees
  close();
  handler_.on_close(code, kept_reason);
}

}  // namespace chirm::client
