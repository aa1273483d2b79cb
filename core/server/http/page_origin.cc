// SPDX-License-Identifier: MIT
#include "core/server/http/page_origin.h"

#include <algorithm>
#include <utility>

#include "protocol/ascii.h"

namespace chirm {

namespace {

// Browsers leave a scheme's own port out, other clients and proxies may not.
std::string without_default_port(std::string_view host, bool is_tls) {
  const std::string_view port = is_tls ? ":443" : ":80";
  if (host.ends_with(port)) host.remove_suffix(port.size());
  return ascii::to_lower(host);
}

bool is_own(std::string_view origin, std::string_view host, const ClientOrigin& client) {
  for (const auto& [scheme, is_tls] : {std::pair{"http://", false}, std::pair{"https://", true}}) {
    if (!origin.starts_with(scheme)) continue;
    // A page that came over plain HTTP may have been written by anybody on the way.
    if (is_tls != client.is_tls && !client.may_be_tls) return false;
    origin.remove_prefix(std::string_view(scheme).size());
    return without_default_port(origin, is_tls) == without_default_port(host, is_tls);
  }
  return false;
}

}  // namespace

bool is_allowed_page(const HttpRequest& request, const ClientOrigin& client,
                     const std::vector<std::string>& allowed) {
  const std::string_view host = request.header("host").value_or("");
  return std::ranges::all_of(request.headers, [&](const HttpHeader& header) {
    return header.first != "origin" || is_own(header.second, host, client) ||
           std::ranges::find(allowed, header.second) != allowed.end();
  });
}

}  // namespace chirm
