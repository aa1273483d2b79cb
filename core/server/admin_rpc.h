// SPDX-License-Identifier: MIT
#pragma once
// The methods admin.* of docs/protocol.md, "Operators": for administrators, from any node.

#include <functional>
#include <string_view>

#include "core/chat/rpc.h"
#include "core/server/session_control.h"
#include "protocol/json_fields.h"

namespace chirm {

class Accounts;
class NodeBoard;

class AdminRpc {
 public:
  // All must outlive this; accounts may be null: what is about them is not available then.
  AdminRpc(SessionControl& control, NodeBoard& board, Accounts* accounts)
      : control_(control), board_(board), accounts_(accounts) {}

  // This must outlive the table's last call.
  void add_methods(RpcTable& table);

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

  struct Portrait;
  void find_sessions(Portrait portrait, const RpcDone& done);
  void find_connections(Portrait portrait, const RpcDone& done);
  static std::string describe(const Portrait& portrait);

  SessionControl& control_;
  NodeBoard& board_;
  Accounts* accounts_;
};

}  // namespace chirm
