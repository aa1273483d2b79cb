// SPDX-License-Identifier: MIT
#pragma once
// Bytes to and from a socket that does not block, with or without TLS between. Private to client/.
//
// With TLS the socket has to be read while anything is waited for, and written while wants_write():
// a handshake goes both ways by itself.

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

#include "client/url.h"
#include "core/tls/tls_session.h"

namespace chirm::client {

class SocketStream {
 public:
  // What a buffer to read into has to hold at least.
  static constexpr std::size_t kReadBytesMin = 4 * TlsSession::kRecordBytes;

  // The socket is connected to the server of the URL, whose context must outlive the stream.
  void begin(const Url& url);
  // Forgets the connection, but for what a later one to the same server may go on from.
  void end();
  // Says that nothing more will be written, as far as the socket takes that at once.
  void close(int fd);

  // What came of it. `error` is for people, "" where there is none.
  struct Result {
    std::size_t bytes = 0;
    bool has_ended = false;  // the other side sends no more
    std::string error = {};
  };
  // `bytes_max`: kReadBytesMin or more. No bytes, no end and no error: there is nothing now. All
  // that the socket had is read, or an event for it follows.
  Result read(int fd, char* to, std::size_t bytes_max);
  // Takes some of it, or none when the socket is full.
  Result write(int fd, std::string_view bytes);

  // The socket is to be watched for writability, whatever else waits: then call write().
  bool wants_write() const { return tls_ != nullptr && !tls_->cipher.empty(); }
  // How it is encrypted; null without TLS, and before it is.
  const TlsSession* tls() const { return tls_ && is_ready() ? &tls_->session : nullptr; }
  // False while nothing can be written, for a handshake is under way.
  bool is_ready() const {
    return tls_ == nullptr || tls_->session.state() == TlsSession::State::kOpen;
  }

 private:
  struct Tls {
    Tls(const TlsContext& context, const std::string& host) : session(context, host) {}

    TlsSession session;
    std::string cipher;  // encrypted, and not taken by the socket yet
  };

  std::string flush(int fd);

  std::unique_ptr<Tls> tls_;  // null: the bytes are plain
  std::shared_ptr<TlsSession::Ticket> ticket_;
};

}  // namespace chirm::client
