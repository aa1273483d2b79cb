// SPDX-License-Identifier: MIT
#include "core/tls/tls_context.h"

#include <openssl/x509v3.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <ctime>
#include <fstream>
#include <utility>

#include "core/base/check.h"
#include "core/tls/tls_impl.h"

namespace chirm {

namespace {

// Forward secret and authenticated ciphers alone, the cheapest first: with the instructions that
// all servers' processors have, AES with 128 bits takes a third less than with 256.
constexpr const char* kCiphers12 = "ECDHE+AESGCM:ECDHE+CHACHA20";
constexpr const char* kCiphers13 =
    "TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256";
// RFC 7301 §3.1: the length, and the name.
constexpr std::array<unsigned char, 9> kHttp11 = {8, 'h', 't', 't', 'p', '/', '1', '.', '1'};
// How long a client may go on from an earlier session.
constexpr long kTicketS = 12 * 3600;

// WebSocket over HTTP/2 (RFC 8441) is not spoken here, so a client that offers h2 gets the other.
int choose_protocol(SSL*, const unsigned char** chosen, unsigned char* chosen_bytes,
                    const unsigned char* offered, unsigned int offered_bytes, void*) {
  unsigned char* found = nullptr;
  if (SSL_select_next_proto(&found, chosen_bytes, kHttp11.data(), kHttp11.size(), offered,
                            offered_bytes) != OPENSSL_NPN_NEGOTIATED) {
    return SSL_TLSEXT_ERR_ALERT_FATAL;
  }
  *chosen = found;
  return SSL_TLSEXT_ERR_OK;
}

// Without it OpenSSL would ask at the terminal.
int no_passphrase(char*, int, int, void*) { return -1; }

bool is_readable(const std::string& path) { return std::ifstream(path).good(); }

Unexpected<Error> wrong(const std::string& what, const std::string& path, const char* expected) {
  const std::string why = take_tls_error();
  if (!is_readable(path)) return Unexpected<Error>(system_error(what + " " + path, errno));
  return Unexpected<Error>(Error{what + " " + path + ": expected " + expected + " (" + why + ")"});
}

std::int64_t unix_time(const ASN1_TIME* time) {
  std::tm calendar{};
  return ASN1_TIME_to_tm(time, &calendar) == 1 ? timegm(&calendar) : 0;
}

Expected<void, Error> use(SSL_CTX* context, const TlsFiles& files) {
  ERR_clear_error();
  if (SSL_CTX_use_certificate_chain_file(context, files.certificate.c_str()) != 1) {
    return wrong("TLS certificate", files.certificate, "a certificate in PEM");
  }
  if (SSL_CTX_use_PrivateKey_file(context, files.key.c_str(), SSL_FILETYPE_PEM) != 1) {
    const bool is_mismatch = ERR_GET_REASON(ERR_peek_last_error()) == X509_R_KEY_VALUES_MISMATCH;
    if (!is_mismatch) return wrong("TLS key", files.key, "a key in PEM without a passphrase");
    ERR_clear_error();
    return Unexpected<Error>(
        Error{"TLS key " + files.key + ": it is not that of the certificate " + files.certificate});
  }
  return {};
}

// Common to both sides.
void set_up(SSL_CTX* context) {
  CHIRM_CHECK(SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION) == 1);
  CHIRM_CHECK(SSL_CTX_set_cipher_list(context, kCiphers12) == 1);
  CHIRM_CHECK(SSL_CTX_set_ciphersuites(context, kCiphers13) == 1);
  SSL_CTX_set_options(
      context, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION | SSL_OP_IGNORE_UNEXPECTED_EOF);
  // An idle connection holds no buffers.
  SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE |
                                SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  SSL_CTX_set_default_passwd_cb(context, no_passphrase);
}

}  // namespace

TlsContext::TlsContext(std::unique_ptr<TlsContextImpl> impl) : impl_(std::move(impl)) {}
TlsContext::~TlsContext() = default;

Expected<std::shared_ptr<const TlsContext>, Error> TlsContext::make_server(const TlsFiles& files) {
  auto impl = std::make_unique<TlsContextImpl>();
  impl->ssl.reset(SSL_CTX_new(TLS_server_method()));
  CHIRM_CHECK(impl->ssl != nullptr);
  SSL_CTX* context = impl->ssl.get();
  set_up(context);
  SSL_CTX_set_options(context, SSL_OP_CIPHER_SERVER_PREFERENCE | SSL_OP_PRIORITIZE_CHACHA);
  SSL_CTX_set_alpn_select_cb(context, choose_protocol, nullptr);
  // Sessions are remembered by clients, in tickets, and not here.
  SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
  SSL_CTX_set_timeout(context, kTicketS);
  CHIRM_CHECK(SSL_CTX_set_num_tickets(context, 1) == 1);
  if (auto used = use(context, files); !used) return Unexpected<Error>(used.error());
  const std::int64_t expires_at = unix_time(X509_get0_notAfter(SSL_CTX_get0_certificate(context)));
  std::shared_ptr<TlsContext> made(new TlsContext(std::move(impl)));
  made->expires_at_ = expires_at;
  return made;
}

Expected<std::shared_ptr<const TlsContext>, Error> TlsContext::make_client(
    const std::string& authorities, const TlsFiles& own, bool speaks_http) {
  auto impl = std::make_unique<TlsContextImpl>();
  impl->ssl.reset(SSL_CTX_new(TLS_client_method()));
  CHIRM_CHECK(impl->ssl != nullptr);
  SSL_CTX* context = impl->ssl.get();
  set_up(context);
  SSL_CTX_set_verify(context, SSL_VERIFY_PEER, nullptr);
  SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL_STORE);
  if (speaks_http) {
    CHIRM_CHECK(SSL_CTX_set_alpn_protos(context, kHttp11.data(), kHttp11.size()) == 0);
  }
  ERR_clear_error();
  if (authorities.empty()) {
    if (SSL_CTX_set_default_verify_paths(context) != 1) {
      return Unexpected<Error>(Error{"the system's certificate authorities: " + take_tls_error()});
    }
  } else if (SSL_CTX_load_verify_file(context, authorities.c_str()) != 1) {
    return wrong("certificate authorities", authorities, "certificates in PEM");
  }
  if (!own.certificate.empty()) {
    if (auto used = use(context, own); !used) return Unexpected<Error>(used.error());
  }
  return std::shared_ptr<const TlsContext>(new TlsContext(std::move(impl)));
}

}  // namespace chirm
