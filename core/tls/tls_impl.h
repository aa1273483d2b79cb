// SPDX-License-Identifier: MIT
#pragma once
// OpenSSL behind core/tls. Private to core/tls.

#include <openssl/err.h>
#include <openssl/ssl.h>

#include <memory>
#include <string>

namespace chirm {

struct TlsContextImpl {
  struct Free {
    void operator()(SSL_CTX* context) const { SSL_CTX_free(context); }
  };
  std::unique_ptr<SSL_CTX, Free> ssl;
};

// The first of OpenSSL's errors in this thread since the last call, which is what went wrong, in
// words; forgets all of them.
inline std::string take_tls_error() {
  const unsigned long code = ERR_peek_error();
  ERR_clear_error();
  const char* reason = code == 0 ? nullptr : ERR_reason_error_string(code);
  return reason == nullptr ? "unknown reason" : reason;
}

}  // namespace chirm
