// SPDX-License-Identifier: MIT
#include "core/server/http/auth_routes.h"

#include <algorithm>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/accounts/accounts.h"
#include "core/audit/audit_log.h"
#include "core/server/http/http_router.h"
#include "core/server/http/page_origin.h"
#include "protocol/ascii.h"
#include "protocol/json_fields.h"
#include "protocol/json_writer.h"

namespace chirm {

namespace {

using Kind = AccountError::Kind;

constexpr std::size_t kBodyBytesMax = 16 * 1024;
constexpr std::size_t kNameMax = 64;  // characters; the rule for names is stricter
constexpr std::size_t kTokenMax = 512;
// Behind TLS browsers see to it that only this very host has set the cookie, over TLS, and no other
// one of its domain (RFC 6265bis §4.1.3.2). They want the path / for that.
constexpr std::string_view kCookie = "chirm_refresh";
constexpr std::string_view kSecureCookie = "__Host-chirm_refresh";
constexpr std::string_view kDeviceCookie = "chirm_device";
constexpr std::string_view kSecureDeviceCookie = "__Host-chirm_device";

// ---- Requests

// A form of another site can post text that looks like JSON, with our cookie where a browser knows
// no SameSite. This type a browser sends to another site only after it has asked, which we refuse.
bool is_json(const HttpRequest& request) {
  const std::string type = ascii::to_lower(request.header("content-type").value_or(""));
  return type == "application/json" || type.starts_with("application/json;") ||
         type.starts_with("application/json ");
}

// A browser says whose page makes a request: another site's must not use our cookies.
std::optional<HttpResponse> refuse(const HttpRequest& request, const ClientOrigin& client,
                                   const std::vector<std::string>& allowed_origins) {
  if (!is_allowed_page(request, client, allowed_origins)) {
    return json_error(403, "forbidden", kForeignPage);
  }
  if (!is_json(request)) {
    return json_error(415, "bad_request", "Content-Type: expected application/json");
  }
  return std::nullopt;
}

// Two names and not one, so that a cookie which anybody on the network could have set over plain
// HTTP is never taken for the one that came over TLS.
std::string_view cookie_name(bool is_tls) { return is_tls ? kSecureCookie : kCookie; }
std::string_view device_cookie_name(bool is_tls) {
  return is_tls ? kSecureDeviceCookie : kDeviceCookie;
}

std::string cookie_of(const HttpRequest& request, std::string_view wanted) {
  for (const auto& [name, value] : request.headers) {
    if (name != "cookie") continue;
    std::string_view left = value;
    while (!left.empty()) {
      const std::size_t end = std::min(left.find(';'), left.size());
      std::string_view pair = left.substr(0, end);
      left.remove_prefix(std::min(end + 1, left.size()));
      pair.remove_prefix(std::min(pair.find_first_not_of(' '), pair.size()));
      const std::size_t equals = pair.find('=');
      if (equals != pair.npos && pair.substr(0, equals) == wanted) {
        return std::string(pair.substr(equals + 1));
      }
    }
  }
  return {};
}

Applicant applicant_of(const HttpCall& call) {
  return {.address = call.address,
          .agent = std::string(call.request.header("user-agent").value_or("")),
          .device = cookie_of(call.request, device_cookie_name(call.is_tls))};
}

// ---- Answers

std::pair<int, std::string_view> code_of(Kind kind) {
  switch (kind) {
    case Kind::kBadRequest:
      return {400, "bad_request"};
    case Kind::kUnauthorized:
      return {401, "unauthorized"};
    case Kind::kForbidden:
      return {403, "forbidden"};
    case Kind::kNameTaken:
      return {409, "name_taken"};
    case Kind::kTooManyRequests:
      return {429, "too_many_requests"};
    case Kind::kBusy:
      return {503, "busy"};
  }
  return {500, "internal"};
}

HttpResponse not_cached(HttpResponse response) {
  // Tokens are in these answers. Even the errors must not be kept: they depend on the moment.
  response.headers.emplace_back("Cache-Control", "no-store");
  return response;
}

HttpResponse bad_request(std::string_view what) {
  return not_cached(json_error(400, "bad_request", what));
}

HttpResponse to_response(const AccountError& error) {
  const auto [status, code] = code_of(error.kind);
  HttpResponse response = not_cached(json_error(status, code, error.message));
  // A client that is told 0 would be back at once, with all others.
  if (status == 429 || status == 503) {
    response.headers.emplace_back("Retry-After", std::to_string(std::max(1U, error.retry_after_s)));
  }
  return response;
}

// Over plain HTTP it is only sent to /auth, where it is needed. No script of the page can read it.
std::string set_cookie(std::string_view name, std::string_view token, std::uint32_t age_s,
                       bool is_tls) {
  std::string text = std::string(name) + '=';
  text += token;
  text += is_tls ? "; Path=/; Secure" : "; Path=/auth";
  text += "; HttpOnly; SameSite=Strict; Max-Age=" + std::to_string(age_s);
  return text;
}

struct Delivery {
  bool wants_cookie;
  bool is_tls;
  int status;               // of success
  bool has_device = false;  // the browser has a device's cookie already
};

HttpResponse to_response(const SignedIn& session, const Delivery& delivery) {
  JsonWriter json;
  json.open();
  json.add("user", session.user);
  json.add("name", session.name);
  json.add("role", text_of(session.role));
  json.add("token", session.token);
  json.add("expires_in", session.token_s);
  // Either way, and not both: what is in the body a script could keep where another one finds it.
  if (!delivery.wants_cookie) json.add("refresh_token", session.refresh_token);
  json.close();
  HttpResponse response = not_cached(json_response(delivery.status, json.take()));
  if (delivery.wants_cookie) {
    response.headers.emplace_back("Set-Cookie",
                                  set_cookie(cookie_name(delivery.is_tls), session.refresh_token,
                                             session.refresh_s, delivery.is_tls));
  }
  if (delivery.wants_cookie && !session.device.empty() && !delivery.has_device) {
    response.headers.emplace_back("Set-Cookie",
                                  set_cookie(device_cookie_name(delivery.is_tls), session.device,
                                             session.device_s, delivery.is_tls));
  }
  return response;
}

// Something that is asked of the accounts, until it is noted what came of it.
struct Attempt {
  AuditLog& audit;
  const char* event;
  std::string name;  // as it was given; "": none was
  std::string address;
  std::string agent;
};

void note(const Attempt& attempt, std::string_view user, const AccountError* error) {
  const std::string_view why = error != nullptr ? code_of(error->kind).second : "";
  attempt.audit.add({.event = attempt.event,
                     .user = user,
                     .address = attempt.address,
                     .is_done = error == nullptr,
                     .why = why,
                     .about = {{"name", attempt.name}, {"agent", attempt.agent}}});
}

Accounts::Done<SignedIn> answer_with(HttpAnswer answer, Delivery delivery, Attempt attempt) {
  return [answer = std::move(answer), delivery,
          attempt = std::move(attempt)](const Expected<SignedIn, AccountError>& result) {
    note(attempt, result ? result->user : "", result ? nullptr : &result.error());
    answer(result ? to_response(*result, delivery) : to_response(result.error()));
  };
}

Delivery delivery_for(JsonFields& fields, const HttpCall& call, int status = 200) {
  return {fields.flag_or("cookie", false), call.is_tls, status};
}

// ---- The routes

Attempt attempt_of(AuditLog& audit, const char* event, const std::string& name,
                   const HttpCall& call) {
  return {audit, event, name, call.address,
          std::string(call.request.header("user-agent").value_or(""))};
}

std::string password_in(JsonFields& fields, std::string_view name, bool is_new) {
  // An old one may have been made under other rules.
  return fields.text(name, {is_new ? Accounts::kPasswordMin : 1, Accounts::kPasswordMax});
}

void on_register(Accounts& accounts, AuditLog& audit, const HttpCall& call, HttpAnswer answer) {
  JsonFields fields(call.body);
  const std::string name = fields.text("name", {1, kNameMax});
  const std::string password = password_in(fields, "password", true);
  const Delivery delivery = delivery_for(fields, call, 201);
  if (!fields.is_right()) return answer(bad_request(fields.problem()));
  accounts.register_account(
      applicant_of(call), name, password,
      answer_with(std::move(answer), delivery, attempt_of(audit, "account.create", name, call)));
}

void on_log_in(Accounts& accounts, AuditLog& audit, const HttpCall& call, HttpAnswer answer) {
  JsonFields fields(call.body);
  const std::string name = fields.text("name", {1, kNameMax});
  const std::string password = password_in(fields, "password", false);
  const Delivery delivery = delivery_for(fields, call);
  Applicant applicant = applicant_of(call);
  applicant.refresh_token = fields.text_or("refresh_token", {0, kTokenMax}, "");
  if (!fields.is_right()) return answer(bad_request(fields.problem()));
  accounts.log_in(
      applicant, name, password,
      answer_with(std::move(answer), delivery, attempt_of(audit, "sign-in", name, call)));
}

void on_guest(Accounts& accounts, AuditLog& audit, const HttpCall& call, HttpAnswer answer) {
  JsonFields fields(call.body);
  const std::string name = fields.text_or("name", {1, kNameMax}, "");
  const Delivery delivery = delivery_for(fields, call);
  if (!fields.is_right()) return answer(bad_request(fields.problem()));
  accounts.admit_guest(
      applicant_of(call), name,
      answer_with(std::move(answer), delivery, attempt_of(audit, "sign-in.guest", name, call)));
}

// The refresh token of the body, else of the cookie, which is then also how the next one goes out.
std::string refresh_token_of(JsonFields& fields, const HttpCall& call, Delivery& delivery) {
  std::string token = fields.text_or("refresh_token", {1, kTokenMax}, "");
  if (!token.empty()) return token;
  token = cookie_of(call.request, cookie_name(call.is_tls));
  if (token.empty()) fields.refuse("refresh_token", "a refresh token, here or in the cookie");
  delivery.wants_cookie = true;
  return token;
}

void on_refresh(Accounts& accounts, AuditLog& audit, const HttpCall& call, HttpAnswer answer) {
  JsonFields fields(call.body);
  Delivery delivery = delivery_for(fields, call);
  const std::string token = refresh_token_of(fields, call, delivery);
  // Who has signed in before there were such cookies, gets one now.
  delivery.has_device = !cookie_of(call.request, device_cookie_name(call.is_tls)).empty();
  if (!fields.is_right()) return answer(bad_request(fields.problem()));
  // That a session goes on is no news; that it does not may be somebody with a copy of a token.
  const auto answered = [answer = std::move(answer), delivery,
                         attempt = attempt_of(audit, "session.refresh", "", call)](
                            const Expected<SignedIn, AccountError>& result) {
    if (!result && result.error().kind != Kind::kBusy) note(attempt, "", &result.error());
    answer(result ? to_response(*result, delivery) : to_response(result.error()));
  };
  accounts.refresh(token, answered);
}

void on_log_out(Accounts& accounts, AuditLog& audit, const HttpCall& call, HttpAnswer answer) {
  JsonFields fields(call.body);
  Delivery delivery = delivery_for(fields, call);
  const std::string token = refresh_token_of(fields, call, delivery);
  const bool all = fields.flag_or("all", false);
  if (!fields.is_right()) return answer(bad_request(fields.problem()));
  accounts.log_out(token, all,
                   [answer = std::move(answer), delivery, user = accounts.user_of_token(token),
                    attempt = attempt_of(audit, all ? "sign-out.all" : "sign-out", "", call)](
                       const Expected<void, AccountError>& ended) {
                     note(attempt, user, ended ? nullptr : &ended.error());
                     HttpResponse response =
                         ended ? not_cached(json_response(200, "{}")) : to_response(ended.error());
                     // A token that is not known any more is as good as ended. The cookie has
                     // to go then, too, or the page would come back with it on each load.
                     const bool is_over = ended || ended.error().kind == Kind::kUnauthorized;
                     if (delivery.wants_cookie && is_over) {
                       response.headers.emplace_back(
                           "Set-Cookie",
                           set_cookie(cookie_name(delivery.is_tls), "", 0, delivery.is_tls));
                     }
                     answer(std::move(response));
                   });
}

void on_password(Accounts& accounts, AuditLog& audit, const HttpCall& call, HttpAnswer answer) {
  JsonFields fields(call.body);
  const std::string name = fields.text("name", {1, kNameMax});
  const std::string password = password_in(fields, "password", false);
  const std::string new_password = password_in(fields, "new_password", true);
  const Delivery delivery = delivery_for(fields, call);
  Applicant applicant = applicant_of(call);
  applicant.refresh_token = fields.text_or("refresh_token", {0, kTokenMax}, "");
  if (!fields.is_right()) return answer(bad_request(fields.problem()));
  accounts.change_password(
      applicant, name, password, new_password,
      answer_with(std::move(answer), delivery, attempt_of(audit, "account.password", name, call)));
}

HttpResponse settings_response(const Accounts* accounts, bool has_external) {
  JsonWriter json;
  json.open();
  json.add("accounts", accounts != nullptr);
  json.add("registration", accounts != nullptr && accounts->settings().has_registration);
  json.add("guests", accounts != nullptr && accounts->settings().has_guests);
  json.add("external", has_external);
  json.close();
  return not_cached(json_response(200, json.take()));
}

}  // namespace

void add_auth_routes(HttpRouter& router, Accounts* accounts, bool has_external,
                     const std::vector<std::string>& allowed_origins, AuditLog& audit) {
  const auto refused = [&allowed_origins, &audit](const HttpRequest& request,
                                                  const ClientOrigin& client) {
    auto refusal = refuse(request, client, allowed_origins);
    if (refusal && refusal->status == 403) {
      audit.add({.event = "foreign-page",
                 .address = client.address,
                 .is_done = false,
                 .why = "origin",
                 .about = {{"origin", request.header("origin").value_or("")}}});
    }
    return refusal;
  };
  const auto add = [&](std::string path, auto on_request) {
    const auto handle = [accounts, &audit, on_request](const HttpCall& call, HttpAnswer answer) {
      if (accounts != nullptr) return on_request(*accounts, audit, call, std::move(answer));
      answer(json_error(403, "forbidden", "There are no accounts here."));
    };
    router.add({"POST", std::move(path), handle, kBodyBytesMax, refused});
  };
  add("/auth/register", on_register);
  add("/auth/login", on_log_in);
  add("/auth/guest", on_guest);
  add("/auth/refresh", on_refresh);
  add("/auth/logout", on_log_out);
  add("/auth/password", on_password);
  router.add({"GET", "/auth/settings",
              [accounts, has_external](const HttpCall&, const HttpAnswer& answer) {
                answer(settings_response(accounts, has_external));
              }});
}

}  // namespace chirm
