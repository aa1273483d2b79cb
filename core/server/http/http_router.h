// SPDX-License-Identifier: MIT
#pragma once
// Which handler answers which HTTP request. The WebSocket's path is not here.

#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <vector>

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
    std::function<std::optional<HttpResponse>(const HttpRequest&)> refuse = {};
  };

  // Of several routes for a path the first counts.
  void add(Route route) { routes_.push_back(std::move(route)); }
  // Answers GET and HEAD of paths that no route has, 404 included: the place for static files.
  void set_fallback(HttpHandler handle);

  // The error is a 404, or a 405 with Allow. Valid until a route is added.
  [[nodiscard]] Expected<const Route*, HttpResponse> find(const HttpRequest& request) const;

 private:
  std::vector<Route> routes_;
  std::optional<Route> fallback_;
};

}  // namespace chirm
