// SPDX-License-Identifier: MIT
#include "core/tls/tls_session.h"

#include <arpa/inet.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <cstring>

#include "core/base/check.h"
#include "core/tls/tls_impl.h"

namespace chirm {

// Where OpenSSL reads and writes: views of the session's own, so that nothing is copied twice as it
// would be by BIO_s_mem.
struct TlsSession::Bio {
  static int read(BIO* bio, char* to, int bytes_max) {
    auto* session = static_cast<TlsSession*>(BIO_get_data(bio));
    BIO_clear_retry_flags(bio);
    if (session->input_.empty()) {
      BIO_set_retry_read(bio);
      return -1;
    }
    const std::size_t bytes = std::min(session->input_.size(), static_cast<std::size_t>(bytes_max));
    std::memcpy(to, session->input_.data(), bytes);
    session->input_.remove_prefix(bytes);
    return static_cast<int>(bytes);
  }
  static int write(BIO* bio, const char* from, int bytes) {
    auto* session = static_cast<TlsSession*>(BIO_get_data(bio));
    BIO_clear_retry_flags(bio);
    CHIRM_CHECK(session->output_ != nullptr);
    session->output_->append(from, static_cast<std::size_t>(bytes));
    return bytes;
  }
  static long control(BIO*, int command, long, void*) { return command == BIO_CTRL_FLUSH ? 1 : 0; }

  static BIO_METHOD* method() {
    static BIO_METHOD* const made = [] {
      BIO_METHOD* fresh = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "chirm");
      CHIRM_CHECK(fresh != nullptr);
      BIO_meth_set_read(fresh, read);
      BIO_meth_set_write(fresh, write);
      BIO_meth_set_ctrl(fresh, control);
      return fresh;
    }();
    return made;
  }
};

struct TlsSession::Ticket {
  struct Free {
    void operator()(SSL_SESSION* session) const { SSL_SESSION_free(session); }
  };
  std::unique_ptr<SSL_SESSION, Free> session;
};

namespace {

SSL* of(void* ssl) { return static_cast<SSL*>(ssl); }

bool is_address(const std::string& host) {
  in6_addr address{};
  return inet_pton(AF_INET, host.c_str(), &address) == 1 ||
         inet_pton(AF_INET6, host.c_str(), &address) == 1;
}

// What whoever connects can do about a certificate that is not believed.
std::string advice(long verdict) {
  switch (verdict) {
    case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
    case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
    case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
      return "; give its authority's file (ca)";
    case X509_V_ERR_HOSTNAME_MISMATCH:
    case X509_V_ERR_IP_ADDRESS_MISMATCH:
      return "; connect to a name that is in it";
    case X509_V_ERR_CERT_HAS_EXPIRED:
      return "; it has to be renewed, unless this machine's clock is wrong";
    case X509_V_ERR_CERT_NOT_YET_VALID:
      return "; is this machine's clock right?";
    default:
      return {};
  }
}

}  // namespace

void* TlsSession::make(const TlsContext& context) {
  SSL* ssl = SSL_new(context.impl_->ssl.get());
  CHIRM_CHECK(ssl != nullptr);
  BIO* bio = BIO_new(Bio::method());
  CHIRM_CHECK(bio != nullptr);
  BIO_set_data(bio, this);
  BIO_set_init(bio, 1);
  SSL_set_bio(ssl, bio, bio);  // owns it
  return ssl;
}

TlsSession::TlsSession(const TlsContext& context) : ssl_(make(context)) {
  SSL_set_accept_state(of(ssl_));
}

// RFC 6066 §3: no numeric addresses in the server name. RFC 6125: what the certificate must say.
TlsSession::TlsSession(const TlsContext& context, const std::string& host) : ssl_(make(context)) {
  SSL_set_connect_state(of(ssl_));
  X509_VERIFY_PARAM* wanted = SSL_get0_param(of(ssl_));
  if (is_address(host)) {
    CHIRM_CHECK(X509_VERIFY_PARAM_set1_ip_asc(wanted, host.c_str()) == 1, host);
    return;
  }
  X509_VERIFY_PARAM_set_hostflags(wanted, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
  if (X509_VERIFY_PARAM_set1_host(wanted, host.c_str(), host.size()) != 1 ||
      SSL_set_tlsext_host_name(of(ssl_), host.c_str()) != 1) {
    ERR_clear_error();
    state_ = State::kFailed;
    error_ = "a certificate cannot be for the name '" + host + "'";
  }
}

TlsSession::~TlsSession() {
  // Else OpenSSL would take a session that was not shut down for one that must not be resumed.
  if (state_ == State::kOpen) SSL_set_shutdown(of(ssl_), SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN);
  SSL_free(of(ssl_));
}

void TlsSession::begin() {
  if (state_ != State::kHandshake) return;
  ERR_clear_error();
  const int result = SSL_do_handshake(of(ssl_));
  if (result != 1) fail(result);
}

std::size_t TlsSession::read(char* to, std::size_t bytes_max) {
  if (state_ == State::kFailed || state_ == State::kEnded) return 0;
  ERR_clear_error();
  std::size_t got = 0;
  const int result = SSL_read_ex(of(ssl_), to, bytes_max, &got);
  if (state_ == State::kHandshake && SSL_is_init_finished(of(ssl_))) state_ = State::kOpen;
  if (result == 1) return got;
  fail(result);
  return 0;
}

bool TlsSession::write(std::string_view plain) {
  if (state_ != State::kOpen) return false;
  ERR_clear_error();
  while (!plain.empty()) {
    std::size_t taken = 0;
    const int result = SSL_write_ex(of(ssl_), plain.data(), plain.size(), &taken);
    if (result != 1) {
      // The output takes everything: to wait for it is never the reason.
      fail(result);
      if (state_ != State::kFailed) {
        state_ = State::kFailed;
        error_ = "TLS: nothing could be written";
      }
      return false;
    }
    plain.remove_prefix(taken);
  }
  return true;
}

void TlsSession::close() {
  if (state_ != State::kOpen && state_ != State::kEnded) return;
  ERR_clear_error();
  (void)SSL_shutdown(of(ssl_));  // fails only when it was done before
  ERR_clear_error();
}

// To want more input is no failure.
void TlsSession::fail(int result) {
  const int why = SSL_get_error(of(ssl_), result);
  if (why == SSL_ERROR_WANT_READ || why == SSL_ERROR_WANT_WRITE) return;
  if (why == SSL_ERROR_ZERO_RETURN) {
    state_ = State::kEnded;
    return;
  }
  state_ = State::kFailed;
  const unsigned long code = ERR_peek_last_error();
  const int reason = ERR_GET_REASON(code);
  is_plain_http_ = reason == SSL_R_HTTP_REQUEST;
  if (reason == SSL_R_CERTIFICATE_VERIFY_FAILED) {
    error_ = std::string("the server's certificate is not believed: ") +
             X509_verify_cert_error_string(SSL_get_verify_result(of(ssl_))) +
             advice(SSL_get_verify_result(of(ssl_)));
  } else {
    error_ = std::string("TLS: ") + take_tls_error();
  }
  ERR_clear_error();
}

const char* TlsSession::version() const { return SSL_get_version(of(ssl_)); }
bool TlsSession::is_resumed() const { return SSL_session_reused(of(ssl_)) == 1; }

std::shared_ptr<TlsSession::Ticket> TlsSession::ticket() const {
  SSL_SESSION* session = SSL_get1_session(of(ssl_));
  if (session == nullptr) return nullptr;
  auto ticket = std::make_shared<Ticket>();
  ticket->session.reset(session);
  return SSL_SESSION_is_resumable(session) == 1 ? ticket : nullptr;
}

void TlsSession::resume(const Ticket& ticket) {
  CHIRM_CHECK(state_ == State::kHandshake);
  // What cannot be resumed is begun anew.
  (void)SSL_set_session(of(ssl_), ticket.session.get());
}

}  // namespace chirm
