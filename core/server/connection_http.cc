// SPDX-License-Identifier: MIT
// A connection before its upgrade: HTTP/1.1 requests (RFC 9112), answered one after the other.
#include "core/server/connection_http.h"

#include <sys/socket.h>

#include <cerrno>

#include "core/server/http/client_address.h"
#include "core/server/server.h"
#include "protocol/limits.h"

namespace chirm {

namespace {
// Read ahead while a request is being answered; the rest waits in the kernel.
constexpr std::size_t kReadAheadBytes = 64 * 1024;
constexpr std::string_view kContinue = "HTTP/1.1 100 Continue\r\n\r\n";
constexpr const char* kRetryAfterS = "3";

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

HttpResponse Connection::refusal(const HttpError& error) const {
  HttpResponse response = error_response(error);
  if (http_->wants_json) as_json(response);
  return response;
}

void Connection::on_request_bytes(std::string_view bytes) {
  if (state_ == State::kResponse && http_->framing.is_last) return;  // of no interest any more
  http_->input.append(bytes);
  if (state_ == State::kRequest) return serve();
  if (http_->input.size() > kReadAheadBytes) set_input_wanted(false);
}

void Connection::on_http_deadline() {
  if (state_ == State::kRequest && (http_->request || !http_->input.empty())) {
    return refuse(refusal({408, "The request did not come in time."}));
  }
  if (state_ != State::kHandling) return end();
  http_->framing.is_last = true;
  respond(refusal({503, "This took too long."}));
}

// A handler that answers at once comes back here; the loop goes on by itself then.
void Connection::serve() {
  if (http_->is_serving) return;
  http_->is_serving = true;
  while (state_ == State::kRequest && serve_one()) {
  }
  if (http_) http_->is_serving = false;
}

// False when more bytes are needed. The request may be an upgrade: then http_ has gone.
bool Connection::serve_one() {
  if (!http_->request) return read_head();
  const auto body_bytes = static_cast<std::size_t>(http_->request->content_length);
  if (http_->input.size() < body_bytes) return false;
  HttpCall call{std::move(*http_->request), http_->input.substr(0, body_bytes), {}, false};
  http_->input.erase(0, body_bytes);
  if (http_->input.empty()) std::string().swap(http_->input);
  http_->request.reset();
  state_ = State::kHandling;
  server_.wheel().set(*this, 1000ULL * server_.settings().answer_timeout_s);
  ClientOrigin origin =
      client_origin(peer_address(socket_), call.request, server_.settings().trusted_proxies);
  call.address = std::move(origin.address);
  call.is_tls = origin.is_tls;
  if (!http_->connection) http_->connection = std::make_shared<Connection*>(this);
  http_->route->handle(
      call, [weak = http_->connection, serial = http_->serial](const HttpResponse& response) {
        if (*weak != nullptr) (*weak)->answer(serial, response);
      });
  return true;
}

bool Connection::read_head() {
  Http& http = *http_;
  if (http.input.empty()) return false;
  if (!http.has_begun) {
    http.has_begun = true;
    server_.wheel().set(*this, 1000ULL * server_.settings().request_timeout_s);
  }
  auto request = parse_http_request(http.input);
  if (!request) {
    refuse(error_response(request.error()));
    return true;
  }
  if (!*request) return false;
  http.input.erase(0, (*request)->head_bytes);
  http.request = std::move(**request);
  http.wants_json = is_for_programs(http.request->path());
  http.framing = {.is_last = http.request->is_last,
                  .has_body = http.request->method != "HEAD",
                  .is_1_0 = http.request->is_1_0};
  if (http.request->path() == "/connection/websocket") {
    upgrade();
  } else {
    admit();
  }
  return true;
}

// Whether the request is one for us is known before its body has come.
void Connection::admit() {
  Http& http = *http_;
  const auto route = server_.router().find(*http.request);
  if (!route) {
    HttpResponse response = route.error();
    if (http.wants_json) as_json(response);
    return refuse(response);
  }
  http.route = *route;
  if (http.request->content_length > http.route->body_bytes_max) {
    return refuse(refusal({413, "The request body is too long."}));
  }
  if (http.route->refuse) {
    if (const auto refusal = http.route->refuse(*http.request)) return refuse(*refusal);
  }
  if (http.request->content_length <= http.input.size()) return;
  server_.wheel().set(*this, 1000ULL * server_.settings().request_timeout_s);
  if (!http.request->expects_continue) return;
  // Nothing else is under way on this socket: its buffer has room.
  if (send(socket_.fd(), kContinue.data(), kContinue.size(), MSG_NOSIGNAL) < 0) end();
}

void Connection::upgrade() {
  http_->framing.is_last = true;  // when it is refused
  if (const auto refusal = server_.refusal()) return refuse(error_response(*refusal));
  const auto response = accept_upgrade(*http_->request);
  if (!response) {
    HttpResponse refusal = error_response(response.error());
    if (refusal.status == 405) refusal.headers = {{"Allow", "GET"}};
    return refuse(refusal);
  }
  // The first bytes on a fresh socket, or all before were taken: its buffer has room for them.
  if (send(socket_.fd(), response->data(), response->size(), MSG_NOSIGNAL) !=
      static_cast<ssize_t>(response->size())) {
    return end();
  }
  ++server_.counters().responses[101];
  server_.wheel().clear(*this);
  state_ = State::kOpen;
  session_ = std::make_unique<Session>(server_.session_context(), static_cast<Transport&>(*this));
  std::string rest = std::move(http_->input);
  http_.reset();
  if (rest.empty()) return;
  const std::size_t size = rest.size();
  rest.append(limits::kJsonPadding, '\0');
  feed(std::string_view(rest).substr(0, size));
}

// A body that comes with the request is not read; so nothing can follow it.
void Connection::refuse(const HttpResponse& response) {
  if (!http_->request || http_->request->content_length > 0) http_->framing.is_last = true;
  respond(response);
}

void Connection::answer(std::uint64_t serial, const HttpResponse& response) {
  if (state_ == State::kHandling && serial == http_->serial) respond(response);
}

void Connection::respond(const HttpResponse& response) {
  ++server_.counters().responses[response.status];
  if (server_.is_stopping()) http_->framing.is_last = true;
  state_ = State::kResponse;
  http_->output = encode_response(response, http_->framing);
  http_->written = 0;
  server_.wheel().set(*this, 1000ULL * server_.settings().request_timeout_s);
  write_response();
}

void Connection::write_response() {
  Http& http = *http_;
  const std::string_view left = std::string_view(http.output).substr(http.written);
  const ssize_t sent = send(socket_.fd(), left.data(), left.size(), MSG_NOSIGNAL);
  if (sent < 0 && errno != EAGAIN && errno != EINTR) return end();
  const std::size_t taken = sent < 0 ? 0 : static_cast<std::size_t>(sent);
  server_.counters().bytes_sent += taken;
  http.written += taken;
  if (taken < left.size()) {
    // As long as the client reads, it has time.
    if (taken > 0) server_.wheel().set(*this, 1000ULL * server_.settings().request_timeout_s);
    is_output_wanted_ = true;
    return watch();
  }
  std::string().swap(http.output);
  // A node that is stopping waits for no request that may come.
  const bool is_over = http.framing.is_last || (server_.is_stopping() && http.input.empty());
  if (!is_over) return begin_next_request();
  on_all_written();
  set_input_wanted(true);  // for the end of the peer's direction
}

void Connection::begin_next_request() {
  Http& http = *http_;
  ++http.serial;
  http.request.reset();
  http.framing = {};
  http.has_begun = false;
  state_ = State::kRequest;
  server_.wheel().set(*this, 1000ULL * server_.settings().keep_alive_s);
  if (!is_input_wanted_) set_input_wanted(true);
  serve();
}

}  // namespace chirm
