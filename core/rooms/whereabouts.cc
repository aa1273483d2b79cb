// SPDX-License-Identifier: MIT
#include "core/rooms/whereabouts.h"

#include "core/chat/hub.h"
#include "core/chat/session.h"
#include "protocol/json_fields.h"
#include "protocol/json_writer.h"

namespace chirm {

namespace {

constexpr std::string_view text_of(UserStatus status) {
  if (status == UserStatus::kOffline) return "offline";
  return status == UserStatus::kAway ? "away" : "online";
}

}  // namespace

Task<RpcResult> Whereabouts::presence(RpcCaller, Request request) {
  Future<Expected<ChannelUsers, ErrorCode>> future;
  hub_.presence().ask_users(request.channel, future.setter());
  const auto present = co_await future;
  if (!present) co_return Unexpected<RpcError>(RpcError(present.error()));
  JsonWriter json;
  json.open();
  json.add("count", present->count);
  if (!present->users.empty()) {
    json.open_array("users");
    for (const PresentUser& one : present->users) {
      json.open();
      json.add("user", one.user);
      json.add("name", JsonFields(one.conn_info).text_or("name", {1, 128}, one.user));
      json.add("status", text_of(one.status));
      json.close();
    }
    json.close_array();
  }
  json.close();
  co_return json.take();
}

Task<RpcResult> Whereabouts::status(RpcCaller caller, Request request) {
  if (*caller.session != nullptr) {
    (*caller.session)->set_away(request.status == "away");
  }
  co_return "{}";
}

Task<RpcResult> Whereabouts::user(RpcCaller caller, Request request) {
  const auto person = co_await people_.find(request.user);
  if (!person) co_return Unexpected<RpcError>(person.error());
  const auto is_blocked = co_await store_.is_marked("block:" + request.user, caller.user);
  if (!is_blocked) co_return Unexpected<RpcError>(is_blocked.error());
  const UserStatus status =
      *is_blocked ? UserStatus::kOffline : hub_.presence().status(request.user);
  JsonWriter json;
  json.open();
  json.add("user", request.user);
  json.add("name", person->name);
  json.add("role", chirm::text_of(person->role));
  json.add("status", text_of(status));
  if (status == UserStatus::kOffline && !*is_blocked) {
    Future<OnlineUsers::LastSeen> future;
    hub_.presence().last_seen(request.user, future.setter());
    const auto seen = co_await future;
    if (seen && *seen) json.add("last_seen", **seen);
  }
  json.close();
  co_return json.take();
}

}  // namespace chirm
