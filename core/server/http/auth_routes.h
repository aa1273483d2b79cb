// SPDX-License-Identifier: MIT
#pragma once
// Signing in over HTTP: /auth/…, as docs/protocol.md says. Private to core/server.

namespace chirm {

class Accounts;
class HttpRouter;

// `accounts` must outlive the router; null where there are none. `has_external`: tokens of the
// operator's own system are taken.
void add_auth_routes(HttpRouter& router, Accounts* accounts, bool has_external);

}  // namespace chirm
