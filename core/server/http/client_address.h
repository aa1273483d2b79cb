// SPDX-License-Identifier: MIT
#pragma once
// Where an HTTP request comes from, when a proxy may stand between. Private to core/server.

#include <string>
#include <vector>

#include "core/base/address_range.h"
#include "protocol/http.h"

namespace chirm {

struct ClientOrigin {
  std::string address;
  bool is_tls = false;      // it uses TLS, as a trusted proxy says
  bool may_be_tls = false;  // a trusted proxy does not say whether it does
};

// Whether the address is in one of the ranges.
bool is_any_of(const std::vector<AddressRange>& ranges, const AddressBytes& address);

// The peer, unless that is one of `proxies`: then the last hop of X-Forwarded-For, which that proxy
// has written, and its X-Forwarded-Proto. What stands before the last hop anybody may have written.
ClientOrigin client_origin(const std::string& peer, const HttpRequest& request,
                           const std::vector<AddressRange>& proxies);

}  // namespace chirm
