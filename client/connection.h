// SPDX-License-Identifier: MIT
#pragma once
// One WebSocket connection to a server: name resolution, TCP, HTTP upgrade, frames. Can be opened
// again after it was closed. Lives on its Context's loop. Private to client/.

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "client/context.h"
#include "client/output_buffer.h"
#include "client/socket_stream.h"
#include "client/url.h"
#include "core/loop/resolver.h"
#include "core/loop/socket.h"
#include "protocol/codes.h"

namespace chirm::client {

// Told what a connection does. Any of these may close and open the connection, but not destroy it.
class ConnectionHandler {
 public:
  // The WebSocket stands; it can be written to.
  virtual void on_open() = 0;
  // At a message boundary: the bytes received, before they are decoded. Returns how many of them,
  // whole frames, are dealt with.
  virtual std::size_t on_bytes(std::string_view bytes) = 0;
  // A complete message; limits::kJsonPadding bytes behind it may be read.
  virtual void on_message(std::string_view payload) = 0;
  // All that was queued has left.
  virtual void on_drained() = 0;
  // The connection is gone, and not because of close(). code is that of the Close frame received
  // or sent, 0 when there was none.
  virtual void on_close(std::uint16_t code, std::string_view reason) = 0;

 protected:
  ~ConnectionHandler() = default;
};

class Connection final : private PollTarget, private WsHandler {
 public:
  // Both must outlive the connection.
  Connection(Context& context, ConnectionHandler& handler);
  ~Connection();
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  // Begins to connect; on_open() or on_close() follows, never from within this call. An error means
  // that nothing follows. There is no deadline: close() when it takes too long.
  // receive_buffer_bytes: of the socket, 0 for the system's choice.
  [[nodiscard]] std::optional<Error> open(const Url& url, const std::string& local_address,
                                          std::uint32_t receive_buffer_bytes = 0);
  // Drops the connection without a word.
  void close();
  // Leaves it without even closing it, as a machine does that vanished. The socket is the caller's.
  Socket abandon();
  // Reads nothing until told to go on, or until it is closed.
  void pause_reading(bool is_paused);
  // Sends what is queued and a Close frame as far as the kernel takes it at once, then drops.
  void close(const Disconnect& why);

  // Queues a text message, while the WebSocket stands.
  void queue(std::string_view payload);
  // Writes what is queued, now as far as possible and the rest as the kernel takes it.
  void flush();
  std::size_t queued_bytes() const { return output_.waiting(); }
  // Of an open connection, null without TLS. Valid until it ends.
  const TlsSession* tls() const { return stream_.tls(); }
  // When something was received last.
  std::uint64_t last_read_ms() const { return last_read_ms_; }

 private:
  enum class State : std::uint8_t {
    kClosed,      // no socket
    kResolving,   // no socket yet, the resolver works
    kConnecting,  // the TCP handshake is under way
    kUpgrading,   // the HTTP request is sent or being sent, the response not complete
    kOpen,        // frames flow
  };

  // What is needed only until the upgrade is done.
  struct Upgrade {
    Url url;
    std::string local_address;
    std::uint32_t receive_buffer_bytes;
    std::string key;
    std::string received;
  };

  // PollTarget
  void on_ready(bool readable, bool writable) override;
  // WsHandler
  bool on_message(std::string_view payload) override;
  bool on_ping(std::string_view payload) override;
  bool on_pong(std::string_view payload) override;
  bool on_close(std::uint16_t code, std::string_view reason) override;

  const std::string& next_of(const std::vector<std::string>& addresses);
  std::optional<Error> open_socket(const std::string& address);
  void finish_connect();
  void read();
  void take_upgrade(std::string_view bytes);
  void take_frames(std::string_view bytes);
  void feed(std::string_view bytes);
  void write();
  void watch(bool is_writing);
  void watch();
  // Ends the connection and tells the handler: the last line of whoever calls it.
  void fail(std::uint16_t code, std::string_view reason);

  Context& context_;
  ConnectionHandler& handler_;
  State state_ = State::kClosed;
  bool is_feeding_ = false;         // the decoder is on the stack
  bool is_watching_write_ = false;  // the poller reports writability
  bool is_reading_paused_ = false;
  std::size_t attempts_ = 0;  // so far; each takes the next address of the host
  Socket socket_;
  SocketStream stream_;
  std::optional<WsDecoder> decoder_;
  std::uint64_t frame_left_ = 0;  // bytes of the current frame that the decoder has not seen
  std::string header_start_;      // of a frame whose header is not complete, at most 9 bytes
  OutputBuffer output_;           // encoded frames, or the request to upgrade
  std::uint64_t last_read_ms_ = 0;
  std::unique_ptr<Upgrade> upgrade_;
  Resolver resolver_;
};

}  // namespace chirm::client
