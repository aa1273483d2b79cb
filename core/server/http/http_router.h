// SPDX-License-Identifier: MIT
#pragma once
// Which handler answers which HTTP request. The WebSocket's path is not here.

#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "core/server/http/client_address.h"
#include "core/server/http/http_handler.h"
#include "protocol/expected.h"

namespace chirm {

class HttpRouter {
 public:
  struct Route {
    std::string method;  // a route for GET also takes HEAD, and the server leaves out the body
    std::string path;    // one path, or all that begin with what stands before a '*' at its end
    HttpHandler handle;
    std::size_t body_bytes_max = 0;  // a longer one is refused with 413
    // May look at the head before the body is read, and answer instead. May be empty.
    std::function<std::optional<HttpResponse>(const HttpRequest&, const ClientOrigin&)> refuse = {};
  };

  // Of several routes that match a request the first counts. Not twice for one method and path; not
  // while a request is being answered, for the routes may move.
  void add(Route route);
  // Answers GET and HEAD of paths that no route has, 404 included: the place for static files. Call
  // at most once.
  void set_fallback(HttpHandler handle);

  // The error is a 404, or a 405 with Allow. Valid until a route is added.
  [[nodiscard]] Expected<const Route*, HttpResponse> find(const HttpRequest& request) const;

 private:
  std::vector<Route> routes_;
  std::optional<Route> fallback_;
};

}  // namespace chirm
