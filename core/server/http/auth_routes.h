// SPDX-License-Identifier: MIT
#pragma once
// Signing in over HTTP: /auth/…, as docs/protocol.md says. Private to core/server.

#include <string>
#include <vector>

namespace chirm {

class Accounts;
class AuditLog;
class HttpRouter;

// `accounts` must outlive the router; null where there are none. `has_external`: tokens of the
// operator's own system are taken. `allowed_origins`: whose pages may sign in here, beside our own.
// What is asked is noted in `audit`. Both must outlive the router.
void add_auth_routes(HttpRouter& router, Accounts* accounts, bool has_external,
                     const std::vector<std::string>& allowed_origins, AuditLog& audit);

}  // namespace chirm
