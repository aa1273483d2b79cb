// SPDX-License-Identifier: MIT
#pragma once
// TLS for hiredis, which knows none (0.14): it is given one end of a pair of sockets in the place
// of its own socket, and this moves the bytes between the other end and the server. Watches
// nothing: its owner says when, and bounds with it how much is on its way.
//
//   hiredis ⇄ [ pair ] ⇄ TlsPipe ⇄ server
//             plain text           TLS
//
// Private to core/broker; loop's thread.

#include <cstddef>
#include <memory>
#include <string>

#include "core/base/error.h"
#include "core/tls/tls_session.h"
#include "protocol/expected.h"

namespace chirm {

class TlsPipe {
 public:
  // `fd` is a TCP socket that does not block and connects to `host`, a name or a numeric address,
  // which the certificate must be for. It becomes the pair's end, and stays the caller's; the
  // connection is the pipe's from now on. The error: no descriptors are left, and `fd` is what it
  // was.
  [[nodiscard]] static Expected<std::unique_ptr<TlsPipe>, Error> take(int fd,
                                                                      const TlsContext& context,
                                                                      const std::string& host);
  // Tells the server that it is over, as far as its socket takes that at once.
  ~TlsPipe();
  TlsPipe(const TlsPipe&) = delete;
  TlsPipe& operator=(const TlsPipe&) = delete;

  // The connection's socket, to be watched for reading, and for writing while wants_write().
  int socket() const { return socket_; }
  bool wants_write() const { return !is_connected_ || !cipher_.empty(); }

  // The server is connected to, and what is missing is TLS.
  bool is_in_handshake() const { return is_connected_ && !is_open(); }
  // The server has proved who it is: hiredis may write.
  bool is_open() const { return session_.state() == TlsSession::State::kOpen; }

  // From the server to the pair, at most two records. What came then has to be taken from the pair.
  // True when there may be more.
  bool receive();
  // From the pair to the server, as far as its socket takes it. Also when the socket is writable,
  // and after receive().
  void send();
  // Why no more can come of it, for people; "" while it can. What came before is in the pair.
  const std::string& problem() const { return problem_; }

 private:
  TlsPipe(int socket, int inner, const TlsContext& context, const std::string& host);

  void note_connected();
  bool pass_on();
  void flush();
  void fail(std::string problem);
  void fail_as_told_by_server(std::string problem);

  const int socket_;
  const int inner_;  // the pair's end that is not hiredis'
  TlsSession session_;
  bool is_connected_ = false;
  std::string cipher_;  // encrypted, and not taken by the socket yet: of kPlainBytes at most
  std::string plain_;   // decrypted, and not taken by the pair yet: of two records at most
  std::string problem_;
};

}  // namespace chirm
