// SPDX-License-Identifier: MIT
#pragma once
// One TLS connection (RFC 8446, RFC 5246) between bytes that came from a socket and bytes that go
// to one. Knows no socket and no loop. Keeps no buffer while idle, but for what of a record came.
//
//   socket ─▶ receive() ─▶ read() ─▶ plain text
//   socket ◀─ output    ◀─ write() ◀─ plain text
//
// What is to be sent is appended to the output that was given last: the caller sends it after each
// call, for a handshake answers by itself.

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "core/tls/tls_context.h"

namespace chirm {

class TlsSession {
 public:
  // Plain text of one record, at most (RFC 8446 §5.1).
  static constexpr std::size_t kRecordBytes = 16 * 1024;

  enum class State : std::uint8_t {
    kHandshake,
    kOpen,
    kEnded,   // the peer has said that it sends no more
    kFailed,  // error() says why; nothing more is possible
  };

  // The server's side.
  explicit TlsSession(const TlsContext& context);
  // The client's: the certificate must be `host`'s, a name or a numeric address.
  TlsSession(const TlsContext& context, const std::string& host);
  ~TlsSession();
  TlsSession(const TlsSession&) = delete;
  TlsSession& operator=(const TlsSession&) = delete;

  // Where what is to be sent is appended. Must outlive the calls that follow.
  void set_output(std::string& output) { output_ = &output; }

  // A client begins: its first message is appended to the output.
  void begin();
  // Bytes from the socket; valid until read() has returned 0. Never before all of the last ones
  // have been read.
  void receive(std::string_view bytes) { input_ = bytes; }
  // Decrypts some of what was received. Returns the bytes written to `to`; 0: there are no more,
  // see state().
  std::size_t read(char* to, std::size_t bytes_max);
  // Encrypts it. False, and it is lost: the session is not open.
  [[nodiscard]] bool write(std::string_view plain);
  // Says that no more will be written.
  void close();

  State state() const { return state_; }
  // Why it failed, as a sentence for people.
  const std::string& error() const { return error_; }
  // The first bytes were no TLS: a plain HTTP request, for one.
  bool is_plain_http() const { return is_plain_http_; }
  // Of one that is open: "TLSv1.3", and whether it goes on from an earlier one.
  const char* version() const;
  bool is_resumed() const;

  // A client's: what a later session to the same server may go on from, and to go on from it.
  struct Ticket;
  std::shared_ptr<Ticket> ticket() const;
  void resume(const Ticket& ticket);

 private:
  struct Bio;
  friend struct Bio;

  void* make(const TlsContext& context);
  void fail(int result);

  void* const ssl_;  // SSL
  std::string_view input_;
  std::string* output_ = nullptr;
  State state_ = State::kHandshake;
  bool is_plain_http_ = false;
  std::string error_;
};

}  // namespace chirm
