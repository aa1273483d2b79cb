// SPDX-License-Identifier: MIT
#include "core/rooms/room_methods.h"

#include <algorithm>
#include <iterator>
#include <string_view>
#include <utility>
#include <vector>

#include "core/chat/hub.h"
#include "core/rooms/message_search.h"
#include "core/rooms/rules/names.h"

namespace chirm {

namespace {

// Of a method that reads many records, or much text: where the rate of calls is limited, it counts
// as so many.
constexpr std::uint32_t kListWeight = 4;

// Channels in one answer of chat.sync to who does not say: as many as a user can have.
constexpr std::uint32_t kSyncMax = 2'000;
// What they leave takes a place in a room's history.
constexpr std::string_view kTold[] = {"chat.create", "chat.join", "chat.leave", "chat.invite",
                                      "chat.kick",   "chat.ban",  "chat.unban", "chat.mute",
                                      "chat.unmute", "chat.role", "chat.set",   "chat.archive"};

RpcTable::Effect effect_of(std::string_view name) {
  const bool is_told = std::ranges::find(kTold, name) != std::end(kTold);
  return is_told ? RpcTable::Effect::kTold : RpcTable::Effect::kNone;
}

}  // namespace

RoomMethods::RoomMethods(const Context& context)
    : store_(context.store),
      people_(context.people),
      rights_(context.rights),
      dms_(context.dms),
      scope_(context.scope),
      membership_(context.store, context.announcer, context.settings),
      listing_(context.hub.loop(), context.store, context.directory),
      settings_(context.store, context.announcer),
      deletion_(context.hub.loop(), context.store, context.announcer, context.scope),
      moderation_(context.store, context.announcer, context.people, context.settings),
      read_marks_(context.store, context.announcer, context.scope),
      whereabouts_(context.hub, context.store, context.people) {}

void RoomMethods::add(RpcTable& table, const char* name, Schema schema, Handler handler,
                      std::uint32_t weight) {
  const auto function = [this, schema = std::move(schema), handler = std::move(handler)](
                            RpcCaller caller, std::string_view data, RpcDone done) {
    if (caller.user.empty()) return done(not_allowed("sign in first"));
    auto request = read_request(schema, data);
    if (!request) return done(Unexpected<RpcError>(request.error()));
    scope_.start(call(handler, std::move(caller), std::move(*request)), std::move(done));
  };
  table.add(name, function, weight, effect_of(name));
}

// Signing in when the connection was made may have failed, and every method relies on it, so it is
// made up for here. It costs a look into a copy when it is done already. The handler is referred
// to: it lives as long as the table.
Task<RpcResult> RoomMethods::call(const Handler& handler, RpcCaller caller, Request request) {
  co_await ok(people_.sign_in(caller.user, caller.name, caller.role));
  if (!request.user.empty()) request.user = co_await people_.known_as(request.user);
  co_return co_await handler(caller, request);
}

void RoomMethods::add_to(RpcTable& table) {
  const auto of = [](auto& part, auto method) -> Handler {
    return [&part, method](RpcCaller caller, Request request) {
      return (part.*method)(std::move(caller), std::move(request));
    };
  };
  using F = Field;
  const std::vector<Field> on_user{F::kRoom, F::kUser};
  const std::vector<Field> with_reason{F::kRoom, F::kUser, F::kReason};
  const std::vector<Field> for_a_time{F::kRoom, F::kUser, F::kReason, F::kSeconds};
  const std::vector<Field> about_room{F::kRoom, F::kTitle, F::kTopic, F::kVisibility};

  add(table, "chat.rooms", {{F::kQuery, F::kAfter, F::kLimit}, 100},
      of(listing_, &RoomListing::rooms), kListWeight);
  add(table, "chat.room", {{F::kRoom}}, of(listing_, &RoomListing::room));
  add(table, "chat.members", {{F::kRoom, F::kAfter, F::kLimit}, 200},
      of(listing_, &RoomListing::members), kListWeight);

  add(table, "chat.create", {about_room}, of(membership_, &Membership::create));
  add(table, "chat.join", {{F::kRoom}}, of(membership_, &Membership::join));
  add(table, "chat.leave", {{F::kRoom}}, of(membership_, &Membership::leave));

  add(table, "chat.invite", {on_user}, of(moderation_, &Moderation::invite));
  add(table, "chat.kick", {with_reason}, of(moderation_, &Moderation::kick));
  add(table, "chat.ban", {for_a_time}, of(moderation_, &Moderation::ban));
  add(table, "chat.unban", {on_user}, of(moderation_, &Moderation::unban));
  add(table, "chat.mute", {for_a_time}, of(moderation_, &Moderation::mute));
  add(table, "chat.unmute", {on_user}, of(moderation_, &Moderation::unmute));
  add(table, "chat.role", {{F::kRoom, F::kUser, F::kRole}}, of(moderation_, &Moderation::role));

  add(table, "chat.set", {about_room}, of(settings_, &RoomSettings::set));
  add(table, "chat.archive", {{F::kRoom, F::kArchived}}, of(settings_, &RoomSettings::archive));
  add(table, "chat.delete", {{F::kRoom}}, of(deletion_, &RoomDeletion::remove));

  add(table, "chat.dm", {{F::kUser}}, of(dms_, &DirectMessages::dm));
  add(table, "chat.hide", {{F::kChannel}}, of(dms_, &DirectMessages::hide));
  add(table, "chat.block", {{F::kUser}}, of(dms_, &DirectMessages::block));
  add(table, "chat.unblock", {{F::kUser}}, of(dms_, &DirectMessages::unblock));

  add(table, "chat.contact", {{F::kFrom}}, of(dms_, &DirectMessages::contact));
  add(table, "chat.dismiss", {{F::kWhat}}, of(dms_, &DirectMessages::dismiss), kListWeight);

  add(table, "chat.sync", {{F::kAfter, F::kLimit}, kSyncMax}, of(read_marks_, &ReadMarks::sync),
      kListWeight);
  add(table, "chat.read", {{F::kChannel, F::kOffset}}, of(read_marks_, &ReadMarks::read));
  add(table, "chat.search", {{F::kChannel, F::kSearch, F::kBefore, F::kLimit}, 20},
      of(*this, &RoomMethods::search), kListWeight);
  add(table, "chat.presence", {{F::kChannel}}, of(*this, &RoomMethods::presence));
  add(table, "chat.status", {{F::kStatus}}, of(whereabouts_, &Whereabouts::status));
  add(table, "chat.user", {{F::kUser}}, of(whereabouts_, &Whereabouts::user));
}

Task<RpcResult> RoomMethods::presence(RpcCaller caller, Request request) {
  co_await ok(admit_reader(caller, request.channel));
  co_return co_await whereabouts_.presence(caller, request);
}

Task<RpcResult> RoomMethods::search(RpcCaller caller, Request request) {
  co_await ok(admit_reader(caller, request.channel));
  co_return co_await search_messages(store_, std::move(request));
}

// Sessions look at a channel's name before they ask for rights; here it comes from a request, so it
// is looked at now.
Task<Result<void>> RoomMethods::admit_reader(RpcCaller caller, std::string channel) {
  if (!is_for(channel, caller.user)) {
    co_return Unexpected<RpcError>(RpcError(errors::kPermissionDenied));
  }
  co_return co_await rights_.find_out(Wish::kRead, caller.user, caller.role, channel);
}

}  // namespace chirm
