// SPDX-License-Identifier: MIT
#pragma once
// The methods admin.* of docs/protocol.md, "Operators": for administrators, from any node.

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/guard.h"
#include "core/broker/broker.h"
#include "core/chat/rpc.h"
#include "core/server/admin/session_control.h"
#include "protocol/json_fields.h"

namespace chirm {

class Accounts;
class Loop;
class AuditLog;
class NodeBoard;
class NodeSurvey;
class Revocations;

class AdminRpc {
 public:
  // Who there is, and who is kept out.
  struct Users {
    Broker& broker;
    Revocations& revocations;
    Accounts* accounts;  // null where there are none
  };
  // All must outlive this. Adds its methods to the table; this must outlive the last call of one.
  AdminRpc(const Loop& loop, SessionControl& control, NodeBoard& board, Users users,
           RpcTable& table);
  // Adds the method that looks into the audit logs of all nodes, of which `log` is this one's. Call
  // once; both must outlive this.
  void add_audit(RpcTable& table, NodeSurvey& survey, const AuditLog& log);

 private:
  // Reads what it needs of the fields; what is wrong with them is looked at before it acts.
  using Action = std::function<void(const RpcDone&)>;
  using Prepare = Action (AdminRpc::*)(const RpcCaller& caller, JsonFields& fields);
  void add(RpcTable& table, std::string_view name, Prepare prepare);

  Action nodes(const RpcCaller& caller, JsonFields& fields);
  Action user(const RpcCaller& caller, JsonFields& fields);
  Action ban(const RpcCaller& caller, JsonFields& fields);
  Action unban(const RpcCaller& caller, JsonFields& fields);
  Action disconnect(const RpcCaller& caller, JsonFields& fields);
  Action notice(const RpcCaller& caller, JsonFields& fields);
  Action slow(const RpcCaller& caller, JsonFields& fields);
  Action channels(const RpcCaller& caller, JsonFields& fields);
  Action audit(const RpcCaller& caller, JsonFields& fields);

  // Calls `act` with the user that is meant: of that name as it is, else in lower case. Answers 404
  // when there is none.
  using WithUser = std::function<void(const std::string& user)>;
  void identify(std::vector<std::string> names, const WithUser& act, const RpcDone& done);
  using Knowing = std::function<void(Expected<bool, RpcError>)>;
  void is_known(const std::string& user, const Knowing& done);
  void is_person(const std::string& user, const Knowing& done);
  void ban_now(const std::string& user, std::int64_t until_s, const std::string& reason,
               const RpcDone& done);

  struct Portrait;
  void find_sessions(Portrait portrait, const RpcDone& done);
  void find_connections(Portrait portrait, const RpcDone& done);
  std::string describe(const Portrait& portrait) const;

  const Loop& loop_;
  SessionControl& control_;
  NodeBoard& board_;
  Users users_;
  NodeSurvey* survey_ = nullptr;  // null before add_audit()
  Guard guard_;
};

}  // namespace chirm
