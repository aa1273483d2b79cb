// SPDX-License-Identifier: MIT
#include "core/server/http/client_address.h"

#include <algorithm>
#include <string_view>

namespace chirm {

namespace {

// The last item of a list that may stand in several headers (RFC 9110 §5.3); "" when there is none.
std::string_view last_item(const HttpRequest& request, std::string_view name) {
  std::string_view last;
  for (const auto& [key, value] : request.headers) {
    if (key == name) last = value;
  }
  last.remove_prefix(last.find_last_of(',') + 1);  // npos + 1 is 0
  const std::size_t begin = last.find_first_not_of(" \t");
  return begin == std::string_view::npos ? std::string_view() : last.substr(begin);
}

}  // namespace

bool is_any_of(const std::vector<AddressRange>& ranges, const AddressBytes& address) {
  return std::any_of(ranges.begin(), ranges.end(),
                     [&](const AddressRange& range) { return range.contains(address); });
}

ClientOrigin client_origin(const std::string& peer, const HttpRequest& request,
                           const std::vector<AddressRange>& proxies) {
  // Headers of anybody else are not looked at: with one of their own choice attackers would get
  // round every limit that is counted by address.
  const auto address = parse_address(peer);
  if (!address || !is_any_of(proxies, *address)) return {peer};
  const auto forwarded = parse_address(last_item(request, "x-forwarded-for"));
  // A trusted proxy that names nobody asks for itself: a health check, say.
  const std::string_view scheme = last_item(request, "x-forwarded-proto");
  return {forwarded ? to_text(*forwarded) : peer, scheme == "https", scheme.empty()};
}

}  // namespace chirm
