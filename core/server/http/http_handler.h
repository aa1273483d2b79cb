// SPDX-License-Identifier: MIT
#pragma once
// What answers an HTTP request.

#include <functional>
#include <string>

#include "protocol/http.h"
#include "protocol/http_response.h"

namespace chirm {

// A request with its body.
struct HttpCall {
  HttpRequest request;
  std::string body;
  std::string address;  // the client's, numeric; behind a trusted proxy what that says
  bool is_tls = false;  // a trusted proxy took it over TLS
};

// Answers a request, once, now or later, on the loop's thread. Of no effect when the client has
// gone or has waited for too long (ServerSettings::answer_timeout_s; it is told 503 then).
using HttpAnswer = std::function<void(HttpResponse)>;

// `call` is valid until the handler returns.
using HttpHandler = std::function<void(const HttpCall& call, HttpAnswer answer)>;

}  // namespace chirm
