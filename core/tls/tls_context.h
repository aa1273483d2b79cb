// SPDX-License-Identifier: MIT
#pragma once
// What the TLS sessions of one side share: the certificate and key of a server, or the authorities
// that a client believes. TLS 1.2 and 1.3. OpenSSL's types stop in core/tls. Immutable once made;
// sessions keep what they need of it, so a renewed one can take its place at any time.

#include <cstdint>
#include <memory>
#include <string>

#include "core/base/error.h"
#include "protocol/expected.h"

namespace chirm {

struct TlsContextImpl;

struct TlsFiles {
  std::string certificate;  // PEM: the certificate, and those between it and the authority
  std::string key;          // PEM, without a passphrase
};

class TlsContext {
 public:
  // The error names the file, and what is wrong with it.
  [[nodiscard]] static Expected<std::shared_ptr<const TlsContext>, Error> make_server(
      const TlsFiles& files);
  // `authorities`: a PEM file; "": those that the system believes. `own`: what the client shows
  // when it is asked; empty names: nothing. `speaks_http`: and says so (ALPN).
  [[nodiscard]] static Expected<std::shared_ptr<const TlsContext>, Error> make_client(
      const std::string& authorities, const TlsFiles& own = {}, bool speaks_http = true);
  ~TlsContext();
  TlsContext(const TlsContext&) = delete;
  TlsContext& operator=(const TlsContext&) = delete;

  // Of a server's certificate, Unix seconds.
  std::int64_t expires_at() const { return expires_at_; }

 private:
  friend class TlsSession;

  explicit TlsContext(std::unique_ptr<TlsContextImpl> impl);

  const std::unique_ptr<TlsContextImpl> impl_;
  std::int64_t expires_at_ = 0;
};

}  // namespace chirm
