// SPDX-License-Identifier: MIT
#include "core/server/admin/administration.h"

#include "core/broker/broker.h"
#include "core/chat/hub.h"

namespace chirm {

Administration::Administration(const Node& node, const std::string& node_name,
                               const Api::Settings& api, HttpRouter& router, RpcTable& methods)
    : survey_(node.loop, node.broker.nodes()),
      control_(survey_, node.hub, node.directory, node_name),
      board_(node.loop, node.broker.nodes(), node.measure),
      api_methods_(node.hub.loop(), node.broker, node.hub.presence(), node.authenticator, control_,
                   board_, node.access),
      api_(api, node.loop, api_methods_, router) {
  // Who is an administrator is only known of people who have signed in.
  if (node.revocations == nullptr) return;
  rpc_.emplace(node.loop, control_, board_,
               AdminRpc::Users{node.broker, *node.revocations, node.accounts}, methods);
  rpc_->add_audit(methods, survey_, node.audit);
  if (node.accounts != nullptr) account_rpc_.emplace(*node.accounts, methods);
}

}  // namespace chirm
