// SPDX-License-Identifier: MIT
#pragma once
// The methods account.*: what people do to their own sessions, as docs/protocol.md says. Private to
// core/server.

#include <string>
#include <string_view>

#include "core/chat/rpc.h"

namespace chirm {

class Accounts;

class AccountRpc {
 public:
  // Both must outlive this. Adds its methods to the table; this must outlive the last call of one.
  AccountRpc(Accounts& accounts, RpcTable& table);

 private:
  void sessions(const RpcCaller& caller, const RpcDone& done);
  void end_session(const RpcCaller& caller, std::string_view data, const RpcDone& done);

  Accounts& accounts_;
};

}  // namespace chirm
