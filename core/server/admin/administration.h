// SPDX-License-Identifier: MIT
#pragma once
// What operators and their programs use, put together: the server API, the methods admin.*, and
// what both stand on. Private to core/server.

#include <functional>
#include <optional>
#include <string>

#include "core/server/admin/account_rpc.h"
#include "core/server/admin/admin_rpc.h"
#include "core/server/admin/api.h"
#include "core/server/admin/api_methods.h"
#include "core/server/admin/node_board.h"
#include "core/server/admin/node_survey.h"
#include "core/server/admin/session_control.h"

namespace chirm {

class Access;
class Accounts;
class AuditLog;
class Authenticator;
class Broker;
class HttpRouter;
class Hub;
class Loop;
class Revocations;
class RpcTable;
class SessionDirectory;

class Administration {
 public:
  // The node, as far as it is administered. All must outlive the administration.
  struct Node {
    Loop& loop;
    Broker& broker;
    Hub& hub;
    SessionDirectory& directory;
    const Authenticator& authenticator;
    Revocations* revocations;  // null in insecure mode: then there are no methods admin.*
    Accounts* accounts;        // null where there are none
    Access* access;            // null in insecure mode
    AuditLog& audit;
    std::function<NodeStatistics()> measure;
  };
  // Adds its routes and its methods, which must not be called any more once this has gone.
  Administration(const Node& node, const std::string& node_name, const Api::Settings& api,
                 HttpRouter& router, RpcTable& methods);

 private:
  NodeSurvey survey_;
  SessionControl control_;
  NodeBoard board_;
  ApiMethods api_methods_;
  Api api_;
  std::optional<AdminRpc> rpc_;
  std::optional<AccountRpc> account_rpc_;  // null where there are no accounts
};

}  // namespace chirm
