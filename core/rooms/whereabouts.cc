// SPDX-License-Identifier: MIT
#include "core/rooms/whereabouts.h"

#include <utility>

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

// A channel with very many has their number only: other nodes do not send lists of that length.
Task<RpcResult> Whereabouts::presence(RpcCaller, Request request) {
  Future<Expected<ChannelUsers, ErrorCode>> future;
  hub_.presence().ask_users(request.channel, future.setter());
  const ChannelUsers present = co_await ok(std::move(future));
  JsonWriter json;
  json.open();
  json.add("count", present.count);
  if (!present.users.empty()) {
    json.open_array("users");
    for (const PresentUser& one : present.users) {
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

// The connection may have gone since it asked: then there is nobody to be away.
Task<RpcResult> Whereabouts::status(RpcCaller caller, Request request) {
  if (*caller.session != nullptr) {
    (*caller.session)->set_away(request.status == "away");
  }
  co_return kEmptyResult;
}

// Whoever has blocked the caller seems to be offline, and never to have been seen: so a block
// cannot be told from somebody who has not been here for long.
Task<RpcResult> Whereabouts::user(RpcCaller caller, Request request) {
  const PersonRecord person = co_await ok(people_.find(request.user));
  const bool is_blocked = co_await ok(store_.has_blocked(request.user, caller.user));
  const UserStatus status =
      is_blocked ? UserStatus::kOffline : hub_.presence().status(request.user);
  JsonWriter json;
  json.open();
  json.add("user", request.user);
  json.add("name", person.name);
  json.add("role", chirm::text_of(person.role));
  json.add("status", text_of(status));
  if (status == UserStatus::kOffline && !is_blocked) {
    Future<OnlineUsers::LastSeen> future;
    hub_.presence().last_seen(request.user, future.setter());
    const auto seen = co_await future;
    if (seen && *seen) json.add("last_seen", **seen);
  }
  json.close();
  co_return json.take();
}

}  // namespace chirm
