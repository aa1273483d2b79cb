// SPDX-License-Identifier: MIT
#include "core/server/http/http_router.h"

#include <string_view>
#include <utility>

#include "core/base/check.h"

namespace chirm {

namespace {

bool matches(std::string_view pattern, std::string_view path) {
  if (!pattern.ends_with('*')) return pattern == path;
  pattern.remove_suffix(1);
  return path.starts_with(pattern);
}

bool takes(const HttpRouter::Route& route, std::string_view method) {
  return route.method == method || (route.method == "GET" && method == "HEAD");
}

}  // namespace

void HttpRouter::add(Route route) {
  CHIRM_CHECK(route.path.starts_with('/') && route.handle != nullptr, route.path);
  for (const Route& other : routes_) {
    CHIRM_CHECK(other.method != route.method || other.path != route.path, route.method, route.path);
  }
  routes_.push_back(std::move(route));
}

void HttpRouter::set_fallback(HttpHandler handle) {
  CHIRM_CHECK(!fallback_ && handle != nullptr);
  fallback_ = Route{"GET", "*", std::move(handle)};
}

Expected<const HttpRouter::Route*, HttpResponse> HttpRouter::find(
    const HttpRequest& request) const {
  std::string allowed;
  for (const Route& route : routes_) {
    if (!matches(route.path, request.path())) continue;
    if (takes(route, request.method)) return &route;
    // Gathered for Allow, which a 405 has to have (RFC 9110 §15.5.6).
    if (!allowed.empty()) allowed += ", ";
    allowed += route.method == "GET" ? "GET, HEAD" : route.method;
  }
  if (!allowed.empty()) {
    HttpResponse response = text_response(405, "only " + allowed + " is allowed here\n");
    response.headers = {{"Allow", allowed}};
    return Unexpected<HttpResponse>(std::move(response));
  }
  if (fallback_ && takes(*fallback_, request.method)) return &*fallback_;
  return Unexpected<HttpResponse>(text_response(404, "not found\n"));
}

}  // namespace chirm
