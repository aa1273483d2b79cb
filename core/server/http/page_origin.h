// SPDX-License-Identifier: MIT
#pragma once
// Whose page a browser is asking for: the header Origin (RFC 6454 §7). Pure.
// Private to core/server.

#include <string>
#include <string_view>
#include <vector>

#include "core/server/http/client_address.h"
#include "protocol/http.h"

namespace chirm {

// For people, behind a 403.
inline constexpr std::string_view kForeignPage =
    "A page of another site may not do this. (Behind a proxy: --trusted-proxies, "
    "--allowed-origins.)";

// True for a page of this server itself (the same host and port as in Host, and the scheme that the
// client used, where that is known), for one of `allowed`, and where there is no Origin: that is no
// browser, and has no cookies of somebody else's.
bool is_allowed_page(const HttpRequest& request, const ClientOrigin& client,
                     const std::vector<std::string>& allowed);

}  // namespace chirm
