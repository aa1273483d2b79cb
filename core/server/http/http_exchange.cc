// SPDX-License-Identifier: MIT
#include "core/server/http/http_exchange.h"

#include <algorithm>
#include <utility>

#include "core/audit/audit_log.h"
#include "core/base/check.h"
#include "core/server/admission.h"
#include "core/server/http/client_address.h"
#include "core/server/http/page_origin.h"
#include "core/server/server_counters.h"
#include "core/server/server_settings.h"
#include "protocol/ascii.h"

namespace chirm {

namespace {

// Read ahead while a request is being answered; the rest waits in the kernel, which slows the
// client down: memory per connection is bounded, however many requests it sends at once.
constexpr std::size_t kReadAheadBytes = 64 * 1024;
// Of an answer, in request_timeout_s: who takes less does not read it.
constexpr std::size_t kProgressBytes = 4 * 1024;
// On every answer, errors and figures included: nothing is taken for another type than it says, or
// shown within another site's page, and no address with a room's name goes to another site.
constexpr std::string_view kSafetyHeaders =
    "\r\nX-Content-Type-Options: nosniff\r\nX-Frame-Options: DENY\r\nReferrer-Policy: no-referrer";
// From now on browsers come over TLS alone (RFC 6797); they ignore it where there was an error of
// the certificate, and for numeric addresses.
constexpr std::string_view kTlsAlone = "\r\nStrict-Transport-Security: max-age=31536000";
constexpr std::string_view kContinue = "HTTP/1.1 100 Continue\r\n\r\n";
// A node that refuses is full or stopping: by then a balancer sends the client to another one.
constexpr const char* kRetryAfterS = "3";

constexpr std::uint16_t kHttpsPort = 443;
constexpr HttpError kNoFiles{503, "This node has no files left for more connections."};

// What is answered when nothing else is any more.
bool is_about_health(std::string_view path) {
  return path == "/healthz" || path == "/readyz" || path == "/metrics";
}

bool is_for_programs(std::string_view path) {
  return path.starts_with("/auth/") || path == "/api" || path.starts_with("/api/");
}

// An error of which there is only a line of text, as /auth/ and /api tell them.
void as_json(HttpResponse& response) {
  std::string_view text = response.body;
  text = text.substr(0, text.find('\n'));
  const std::string_view code = response.status == 503   ? "busy"
                                : response.status == 404 ? "not_found"
                                                         : "bad_request";
  HttpResponse json = json_error(response.status, code, text);
  json.headers = std::move(response.headers);
  json.headers.emplace_back("Cache-Control", "no-store");
  if (response.status == 503) json.headers.emplace_back("Retry-After", kRetryAfterS);
  response = std::move(json);
}

}  // namespace

HttpExchange::HttpExchange(HttpContext& context, HttpTransport& transport)
    : context_(context), transport_(transport) {}

HttpExchange::~HttpExchange() {
  if (self_) *self_ = nullptr;
}

HttpResponse HttpExchange::refusal(const HttpError& error) const {
  HttpResponse response = error_response(error);
  if (wants_json_) as_json(response);
  return response;
}

void HttpExchange::on_bytes(std::string_view bytes) {
  if (state_ == State::kOver) return;
  if (state_ == State::kResponse && framing_.is_last) return;  // of no interest any more
  input_.append(bytes);
  if (state_ == State::kRequest) return serve();
  if (input_.size() > kReadAheadBytes) transport_.set_input_wanted(false);
}

void HttpExchange::on_writable() {
  if (state_ == State::kResponse) write_response();
}

void HttpExchange::on_deadline() {
  if (state_ == State::kRequest && (request_ || !input_.empty())) {
    return refuse(refusal({408, "The request did not come in time."}));
  }
  if (state_ != State::kHandling) return transport_.end();
  // The handler may still answer, but the client has waited long enough. Whether its request took
  // effect is not known here, so the connection must not carry another one as if all were well.
  framing_.is_last = true;
  respond(refusal({503, "This took too long."}));
}

bool HttpExchange::on_end_of_input() {
  if (state_ != State::kHandling && state_ != State::kResponse) return false;
  // A client may shut down its direction when its request is sent: the answer is still wanted. The
  // socket stays readable from now on, so it is not to be watched for that any more.
  framing_.is_last = true;
  transport_.set_input_wanted(false);
  return true;
}

// A loop and no recursion: a handler that answers at once calls back in here, and a client may send
// a thousand small requests in one packet.
void HttpExchange::serve() {
  if (is_serving_) return;
  is_serving_ = true;
  while (state_ == State::kRequest && serve_one()) {
  }
  is_serving_ = false;
  if (state_ == State::kUpgraded) transport_.on_upgraded(std::move(input_));
}

// False when more bytes are needed.
bool HttpExchange::serve_one() {
  if (!request_) return read_head();
  const auto body_bytes = static_cast<std::size_t>(request_->content_length);
  if (input_.size() < body_bytes) return false;
  std::string body = input_.substr(0, body_bytes);
  input_.erase(0, body_bytes);
  if (input_.empty()) std::string().swap(input_);  // a body's memory is not kept between requests
  handle(std::move(body));
  return true;
}

void HttpExchange::handle(std::string body) {
  ClientOrigin origin = client();
  HttpCall call{std::move(*request_), std::move(body), {}, false};
  request_.reset();
  state_ = State::kHandling;
  transport_.set_deadline(context_.settings.answer_timeout_s);
  call.address = std::move(origin.address);
  call.is_tls = origin.is_tls;
  if (!self_) self_ = std::make_shared<HttpExchange*>(this);
  // The answer may come when the connection has gone, or is at a later request since this one took
  // too long: the pointer tells the one, the serial number the other.
  route_->handle(call, [weak = self_, serial = serial_](const HttpResponse& response) {
    if (*weak != nullptr) (*weak)->answer(serial, response);
  });
}

ClientOrigin HttpExchange::client() const {
  ClientOrigin origin =
      client_origin(transport_.peer(), *request_, context_.settings.trusted_proxies);
  if (transport_.is_tls()) origin.is_tls = true;
  return origin;
}

bool HttpExchange::read_head() {
  if (input_.empty()) return false;
  if (!has_begun_) {
    // From its first byte a request has its own time, however long the connection was idle.
    has_begun_ = true;
    transport_.set_deadline(context_.settings.request_timeout_s);
  }
  auto request = parse_http_request(input_);
  if (!request) {
    refuse(error_response(request.error()));
    return true;
  }
  if (!*request) return false;
  input_.erase(0, (*request)->head_bytes);
  request_ = std::move(**request);
  wants_json_ = is_for_programs(request_->path());
  // On a developer's machine other ports of localhost may be without TLS, now or later.
  is_tls_alone_ =
      transport_.is_tls() && !request_->header("host").value_or("").starts_with("localhost");
  framing_ = {.is_last = request_->is_last,
              .has_body = request_->method != "HEAD",
              .is_1_0 = request_->is_1_0};
  if (transport_.service() == HttpService::kRedirect) {
    framing_.is_last = true;
    refuse(redirect());
    return true;
  }
  if (transport_.service() == HttpService::kHealth) {
    framing_.is_last = true;
    if (!is_about_health(request_->path())) {
      refuse(refusal(kNoFiles));
      return true;
    }
  }
  if (request_->path() == "/connection/websocket") {
    upgrade();
  } else {
    admit();
  }
  return true;
}

// To the same host and target (RFC 9110 §15.4.9: the method stays what it is). What Host says comes
// back to who has said it; but it goes into a header, so it has to be a host.
HttpResponse HttpExchange::redirect() const {
  std::string_view host = request_->header("host").value_or("");
  const std::size_t bracket = host.rfind(']');
  const std::size_t colon = host.rfind(':');
  const bool has_port = colon != host.npos && (bracket == host.npos || colon > bracket);
  if (has_port) host = host.substr(0, colon);
  const bool is_host = !host.empty() && std::ranges::all_of(host, [](char c) {
    return ascii::is_alphanumeric(c) || std::string_view(".-[]:").find(c) != std::string_view::npos;
  });
  if (!is_host || !request_->target.starts_with('/')) {
    return refusal({400, "This port sends clients to https, and needs a Host for that."});
  }
  const std::uint16_t port = context_.settings.port;
  HttpResponse response = text_response(308, "chirm is served over https.\n");
  response.headers.emplace_back(
      "Location", "https://" + std::string(host) +
                      (port == kHttpsPort ? "" : ":" + std::to_string(port)) + request_->target);
  return response;
}

// Whether the request is one for us is known before its body has come: a body that nobody will look
// at is not read, and a client that asks first (Expect: 100-continue) does not even send it.
void HttpExchange::admit() {
  const auto route = context_.router.find(*request_);
  if (!route) {
    HttpResponse response = route.error();
    if (wants_json_) as_json(response);
    return refuse(response);
  }
  route_ = *route;
  if (request_->content_length > route_->body_bytes_max) {
    return refuse(refusal({413, "The request body is too long."}));
  }
  if (route_->refuse) {
    if (const auto refusal = route_->refuse(*request_, client())) return refuse(*refusal);
  }
  if (request_->content_length <= input_.size()) return;
  transport_.set_deadline(context_.settings.request_timeout_s);
  if (!request_->expects_continue) return;
  // Nothing else is under way on this socket: its buffer has room.
  if (transport_.send(kContinue) != kContinue.size()) transport_.end();
}

void HttpExchange::upgrade() {
  framing_.is_last = true;  // when it is refused
  if (const auto refusal = context_.admission.refusal()) return refuse(error_response(*refusal));
  const auto response = accept_upgrade(*request_);
  if (!response) {
    HttpResponse refusal = error_response(response.error());
    if (refusal.status == 405) refusal.headers = {{"Allow", "GET"}};
    return refuse(refusal);
  }
  // A browser opens WebSockets for any page that asks, and does not ask us before.
  if (request_->header("origin") &&
      !is_allowed_page(*request_, client(), context_.settings.allowed_origins)) {
    context_.audit.add({.event = "foreign-page",
                        .address = client().address,
                        .is_done = false,
                        .why = "origin",
                        .about = {{"origin", request_->header("origin").value_or("")}}});
    return refuse(error_response({403, kForeignPage}));
  }
  if (!transport_.claim(client().address)) {
    return refuse(error_response({429, "This address has as many connections as it may have."}));
  }
  // The first bytes on a fresh socket, or all before were taken: its buffer has room for them.
  if (transport_.send(*response) != response->size()) return transport_.end();
  ++context_.counters.responses[101];
  state_ = State::kUpgraded;
}

// A body that comes with the request is not read; so nothing can follow it.
void HttpExchange::refuse(const HttpResponse& response) {
  if (!request_ || request_->content_length > 0) framing_.is_last = true;
  respond(response);
}

void HttpExchange::answer(std::uint64_t serial, const HttpResponse& response) {
  if (state_ == State::kHandling && serial == serial_) respond(response);
}

void HttpExchange::respond(const HttpResponse& response) {
  CHIRM_CHECK(state_ == State::kRequest || state_ == State::kHandling, state_);
  CHIRM_CHECK(output_.empty(), output_.size());
  ++context_.counters.responses[response.status];
  if (context_.admission.is_stopping()) framing_.is_last = true;
  state_ = State::kResponse;
  const std::string more = std::string(kSafetyHeaders).append(is_tls_alone_ ? kTlsAlone : "");
  output_ = encode_response_begin(response, framing_, more);
  lasting_ = has_body(response, framing_) ? response.lasting_body : std::string_view();
  written_ = unread_from_ = 0;
  transport_.set_deadline(context_.settings.request_timeout_s);
  write_response();
}

void HttpExchange::write_response() {
  const std::size_t size = output_.size() + lasting_.size();
  bool is_full = false;
  while (written_ < size && !is_full) {
    const std::string_view left = written_ < output_.size()
                                      ? std::string_view(output_).substr(written_)
                                      : lasting_.substr(written_ - output_.size());
    const auto taken = transport_.send(left);
    if (!taken) return;
    context_.counters.bytes_sent += *taken;
    written_ += *taken;
    is_full = *taken < left.size();
  }
  if (written_ < size) {
    // As long as the client reads, it has time; not for each byte, or one a second were enough.
    if (written_ - unread_from_ >= kProgressBytes) {
      unread_from_ = written_;
      transport_.set_deadline(context_.settings.request_timeout_s);
    }
    return;
  }
  std::string().swap(output_);
  lasting_ = {};
  // A node that is stopping waits for no request that may come.
  const bool is_over = framing_.is_last || (context_.admission.is_stopping() && input_.empty());
  if (!is_over) return begin_next_request();
  state_ = State::kOver;
  transport_.on_all_written();
  transport_.set_input_wanted(true);  // for the end of the peer's direction
}

void HttpExchange::begin_next_request() {
  ++serial_;
  request_.reset();
  framing_ = {};
  has_begun_ = false;
  state_ = State::kRequest;
  transport_.set_deadline(context_.settings.keep_alive_s);
  transport_.set_input_wanted(true);
  serve();
}

}  // namespace chirm
