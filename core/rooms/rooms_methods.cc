// SPDX-License-Identifier: MIT
// The chat.* methods, each with what its calls carry.
#include <utility>

#include "core/rooms/message_search.h"
#include "core/rooms/names.h"
#include "core/rooms/rooms.h"

namespace chirm {

namespace {
// What reads many records, or much text.
constexpr std::uint32_t kListWeight = 4;
}  // namespace

void Rooms::add(RpcTable& table, const char* name, Schema schema, Handler handler,
                std::uint32_t weight) {
  const auto function = [this, schema = std::move(schema), handler = std::move(handler)](
                            RpcCaller caller, std::string_view data, RpcDone done) {
    if (caller.user.empty()) return done(not_allowed("sign in first"));
    auto request = read_request(schema, data);
    if (!request) return done(Unexpected<RpcError>(request.error()));
    scope_.start(call(handler, std::move(caller), std::move(*request)), std::move(done));
  };
  table.add(name, function, weight);
}

// The handler lives as long as the table.
Task<RpcResult> Rooms::call(const Handler& handler, RpcCaller caller, Request request) {
  const auto signed_in = co_await people_.sign_in(caller.user, caller.name, caller.role);
  if (!signed_in) co_return Unexpected<RpcError>(signed_in.error());
  if (!request.user.empty()) request.user = co_await people_.known_as(request.user);
  co_return co_await handler(caller, request);
}

void Rooms::add_methods(RpcTable& table) {
  const auto of = [](auto& part, auto method) -> Handler {
    return [&part, method](RpcCaller caller, Request request) {
      return (part.*method)(std::move(caller), std::move(request));
    };
  };
  using F = Field;
  const std::vector<Field> on_user{F::kRoom, F::kUser};
  const std::vector<Field> with_reason{F::kRoom, F::kUser, F::kReason};
  const std::vector<Field> for_a_time{F::kRoom, F::kUser, F::kReason, F::kSeconds};

  add(table, "chat.rooms", {{F::kQuery, F::kAfter, F::kLimit}, 100},
      of(membership_, &Membership::rooms), kListWeight);
  add(table, "chat.room", {{F::kRoom}}, of(membership_, &Membership::room));
  add(table, "chat.create", {{F::kRoom, F::kTitle, F::kTopic, F::kVisibility}},
      of(membership_, &Membership::create));
  add(table, "chat.join", {{F::kRoom}}, of(membership_, &Membership::join));
  add(table, "chat.leave", {{F::kRoom}}, of(membership_, &Membership::leave));
  add(table, "chat.members", {{F::kRoom, F::kAfter, F::kLimit}, 200},
      of(membership_, &Membership::members), kListWeight);

  add(table, "chat.invite", {on_user}, of(moderation_, &Moderation::invite));
  add(table, "chat.kick", {with_reason}, of(moderation_, &Moderation::kick));
  add(table, "chat.ban", {for_a_time}, of(moderation_, &Moderation::ban));
  add(table, "chat.unban", {on_user}, of(moderation_, &Moderation::unban));
  add(table, "chat.mute", {for_a_time}, of(moderation_, &Moderation::mute));
  add(table, "chat.unmute", {on_user}, of(moderation_, &Moderation::unmute));
  add(table, "chat.role", {{F::kRoom, F::kUser, F::kRole}}, of(moderation_, &Moderation::role));
  add(table, "chat.set", {{F::kRoom, F::kTitle, F::kTopic, F::kVisibility}},
      of(moderation_, &Moderation::set));
  add(table, "chat.archive", {{F::kRoom, F::kArchived}}, of(moderation_, &Moderation::archive));

  add(table, "chat.dm", {{F::kUser}}, of(dms_, &DirectMessages::dm));
  add(table, "chat.hide", {{F::kChannel}}, of(dms_, &DirectMessages::hide));
  add(table, "chat.block", {{F::kUser}}, of(dms_, &DirectMessages::block));
  add(table, "chat.unblock", {{F::kUser}}, of(dms_, &DirectMessages::unblock));

  add(table, "chat.sync", {}, of(read_marks_, &ReadMarks::sync), kListWeight);
  add(table, "chat.read", {{F::kChannel, F::kOffset}}, of(read_marks_, &ReadMarks::read));
  add(table, "chat.search", {{F::kChannel, F::kSearch, F::kBefore, F::kLimit}, 20},
      of(*this, &Rooms::search), kListWeight);
  add(table, "chat.presence", {{F::kChannel}}, of(*this, &Rooms::presence));
  add(table, "chat.status", {{F::kStatus}}, of(whereabouts_, &Whereabouts::status));
  add(table, "chat.user", {{F::kUser}}, of(whereabouts_, &Whereabouts::user));
}

Task<RpcResult> Rooms::presence(RpcCaller caller, Request request) {
  const auto allowed = co_await may_see(caller, request.channel);
  if (!allowed) co_return Unexpected<RpcError>(allowed.error());
  co_return co_await whereabouts_.presence(caller, request);
}

Task<RpcResult> Rooms::search(RpcCaller caller, Request request) {
  const auto allowed = co_await may_see(caller, request.channel);
  if (!allowed) co_return Unexpected<RpcError>(allowed.error());
  co_return co_await search_messages(store_, std::move(request));
}

Task<Access::Verdict> Rooms::may_see(RpcCaller caller, std::string channel) {
  if (!is_for(channel, caller.user)) {
    co_return Unexpected<RpcError>(RpcError(errors::kPermissionDenied));
  }
  co_return co_await verdict(Wish::kRead, caller.user, caller.role, channel);
}

}  // namespace chirm
