// SPDX-License-Identifier: MIT
#include "core/server/admin/account_rpc.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "core/accounts/accounts.h"
#include "core/accounts/secrets.h"
#include "core/accounts/user_name.h"
#include "core/chat/session.h"
#include "protocol/json_fields.h"
#include "protocol/json_writer.h"

namespace chirm {

namespace {

constexpr std::uint16_t kNotFound = 404;
constexpr JsonFields::Range kIds{1, 64};

RpcResult refused(RpcError error) { return Unexpected<RpcError>(std::move(error)); }

// The log-in that the connection belongs to; 0: none, or it has gone.
std::uint64_t sign_in_of(const RpcCaller& caller) {
  return caller.session != nullptr && *caller.session != nullptr ? (*caller.session)->sign_in() : 0;
}

}  // namespace

AccountRpc::AccountRpc(Accounts& accounts, RpcTable& table) : accounts_(accounts) {
  table.add("account.sessions", [this](const RpcCaller& caller, std::string_view, RpcDone done) {
    sessions(caller, done);
  });
  table.add("account.end_session", [this](const RpcCaller& caller, std::string_view data,
                                          RpcDone done) { end_session(caller, data, done); });
}

// A guest has one session only, which is this one; so has who came with a token of another system.
void AccountRpc::sessions(const RpcCaller& caller, const RpcDone& done) {
  if (sign_in_of(caller) == 0 || is_guest(caller.user)) return done("{\"sessions\":[]}");
  accounts_.sessions().list(caller.user,
                            [done, current = sign_in_of(caller)](const auto& sessions) {
                              if (!sessions) return done(refused(RpcError(sessions.error())));
                              JsonWriter json;
                              json.open();
                              json.open_array("sessions");
                              for (const SessionRecord& session : *sessions) {
                                json.open();
                                json.add("id", id_to_text(session.id));
                                json.add("created", session.created_ms);
                                json.add("used", session.used_ms);
                                json.add("agent", std::string_view(session.agent));
                                if (session.id == current) json.add("current", true);
                                json.close();
                              }
                              json.close_array();
                              json.close();
                              done(json.take());
                            });
}

// Looked up among the user's own first: an id of somebody else's is one that does not exist.
void AccountRpc::end_session(const RpcCaller& caller, std::string_view data, const RpcDone& done) {
  JsonFields fields(data);
  const std::string text = fields.text("session", kIds);
  const auto id = id_from_text(text);
  if (fields.is_right() && !id) fields.refuse("session", "the id of a session");
  if (!fields.is_right()) {
    return done(refused({errors::kBadRequest.code, fields.problem()}));
  }
  if (sign_in_of(caller) == 0 || is_guest(caller.user)) {
    return done(refused({kNotFound, "no such session"}));
  }
  accounts_.sessions().list(
      caller.user, [this, user = caller.user, id = *id, done](const auto& sessions) {
        if (!sessions) return done(refused(RpcError(sessions.error())));
        const bool is_own = std::ranges::any_of(
            *sessions, [id](const SessionRecord& session) { return session.id == id; });
        if (!is_own) return done(refused({kNotFound, "no such session"}));
        // The end reaches all nodes, and closes its connections there.
        accounts_.sessions().close(user, id, [done](const auto& closed) {
          closed ? done(std::string("{}")) : done(refused(RpcError(closed.error())));
        });
      });
}

}  // namespace chirm
