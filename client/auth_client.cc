// SPDX-License-Identifier: MIT
#include "client/auth_client.h"

#include <utility>

#include "protocol/json_fields.h"
#include "protocol/json_writer.h"

namespace chirm::client {

namespace {

// Shorter than the 10 s in which a server answers a lost refresh a second time.
constexpr std::uint64_t kTimeoutMs = 8000;
// Servers hash passwords one after another, which takes seconds on a busy machine. Who gives up and
// asks again only makes the queue longer.
constexpr std::uint64_t kPasswordTimeoutMs = 30'000;
// The person waits for it at the end. A session that is not given back expires by itself.
constexpr std::uint64_t kLeaveTimeoutMs = 1000;
constexpr JsonFields::Range kFieldLength{0, 16 * 1024};

std::string credentials(std::string_view name, std::string_view password,
                        std::string_view refresh_token = {}) {
  JsonWriter body;
  body.open();
  body.add("name", name);
  body.add("password", password);
  if (!refresh_token.empty()) body.add("refresh_token", refresh_token);
  body.close();
  return body.take();
}

std::string refresh_body(std::string_view refresh_token) {
  JsonWriter body;
  body.open();
  body.add("refresh_token", refresh_token);
  body.close();
  return body.take();
}

// What a reply of another status than 2xx says, and no reply at all.
AuthError error_of(const Expected<HttpReply, Error>& reply) {
  if (!reply) return {0, {}, reply.error().message, 0};
  AuthError error;
  error.status = reply->status;
  error.retry_after_s = reply->retry_after_s.value_or(0);
  JsonFields fields(JsonFields(reply->body).raw("error"));
  error.code = fields.text_or("code", kFieldLength, "");
  error.message = fields.text_or("message", kFieldLength, "");
  if (error.message.empty()) {
    error.message = "the server answers HTTP " + std::to_string(reply->status);
  }
  return error;
}

bool is_good(const Expected<HttpReply, Error>& reply) {
  return reply && reply->status >= 200 && reply->status < 300;
}

// As if a proxy had said it (502), so that it counts as temporary: a server that is being replaced
// or a proxy in between may well answer right a moment later.
Unexpected<AuthError> nonsense() {
  return Unexpected<AuthError>({502, {}, "the server's answer makes no sense", 0});
}

}  // namespace

void AuthClient::settings(OnSettings done) {
  const auto on_reply = [done = std::move(done)](const Expected<HttpReply, Error>& reply) {
    // A server of another make, such as Centrifugo, has no such page, and no accounts of ours.
    if (reply && reply->status == 404) return done(AuthSettings{});
    if (!is_good(reply)) return done(Unexpected<AuthError>(error_of(reply)));
    JsonFields fields(reply->body);
    AuthSettings settings;
    settings.accounts = fields.flag_or("accounts", false);
    settings.registration = fields.flag_or("registration", false);
    settings.guests = fields.flag_or("guests", false);
    settings.external = fields.flag_or("external", false);
    if (!fields.is_right()) return done(nonsense());
    done(settings);
  };
  call_ = std::make_unique<HttpCall>(loop_, url_, "GET", "/auth/settings", "", kTimeoutMs,
                                     std::move(on_reply));
}

void AuthClient::post(std::string_view target, std::string_view body, std::uint64_t timeout_ms,
                      OnSession done) {
  const auto on_reply = [done = std::move(done)](const Expected<HttpReply, Error>& reply) {
    if (!is_good(reply)) return done(Unexpected<AuthError>(error_of(reply)));
    // Every way to sign in is answered with the same five members.
    JsonFields fields(reply->body);
    AuthSession session;
    session.user = fields.text("user", kFieldLength);
    session.name = fields.text("name", kFieldLength);
    session.role = fields.text("role", kFieldLength);
    session.token = fields.text("token", kFieldLength);
    session.refresh_token = fields.text("refresh_token", kFieldLength);
    if (!fields.is_right()) return done(nonsense());
    done(std::move(session));
  };
  call_ = std::make_unique<HttpCall>(loop_, url_, "POST", target, body, timeout_ms,
                                     std::move(on_reply));
}

void AuthClient::enter(std::string_view name, std::string_view password, std::string_view known,
                       OnSession done) {
  post("/auth/login", credentials(name, password, known), kPasswordTimeoutMs, std::move(done));
}

void AuthClient::create(std::string_view name, std::string_view password, OnSession done) {
  post("/auth/register", credentials(name, password), kPasswordTimeoutMs, std::move(done));
}

void AuthClient::enter_as_guest(std::string_view name, OnSession done) {
  JsonWriter body;
  body.open();
  if (!name.empty()) body.add("name", name);
  body.close();
  post("/auth/guest", body.take(), kTimeoutMs, std::move(done));
}

void AuthClient::refresh(std::string_view refresh_token, OnSession done) {
  post("/auth/refresh", refresh_body(refresh_token), kTimeoutMs, std::move(done));
}

void AuthClient::leave(std::string_view refresh_token, std::function<void()> done) {
  call_ = std::make_unique<HttpCall>(
      loop_, url_, "POST", "/auth/logout", refresh_body(refresh_token), kLeaveTimeoutMs,
      [done = std::move(done)](const Expected<HttpReply, Error>&) { done(); });
}

}  // namespace chirm::client
