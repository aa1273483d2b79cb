// SPDX-License-Identifier: MIT
#include "core/rooms/rooms.h"

#include <utility>

#include "core/chat/hub.h"
#include "core/chat/session.h"
#include "core/rooms/names.h"
#include "protocol/json_fields.h"

namespace chirm {

namespace {

Unexpected<RpcError> nameless(const RoomRecord& room) {
  return room.is_public ? not_allowed("sign in first") : no_such_room();
}

}  // namespace

Rooms::Rooms(Hub& hub, SessionDirectory& directory, const ChatSettings& settings, RpcTable& table)
    : hub_(hub),
      directory_(directory),
      settings_(settings),
      store_(hub.broker(), *this),
      people_(store_),
      membership_(store_, settings),
      moderation_(store_, people_),
      dms_(store_, people_, settings),
      read_marks_(store_, scope_),
      publishing_(hub.loop(), store_, dms_, scope_),
      whereabouts_(hub, store_, people_),
      next_(hub.loop(), [this] { recheck_some(); }),
      retry_(hub.loop(), [this] { retry(); }) {
  add_methods(table);
}

void Rooms::on_connected(Session& session) {
  RpcCaller caller = session.caller();
  if (caller.user.empty() || people_.is_known(caller.user, caller.name, caller.role)) return;
  // What fails now is done again with the first method that is called.
  scope_.start(people_.sign_in(caller.user, caller.name, caller.role));
}

// Both find the conversation, as if one of them had spoken.
void Rooms::on_api_published(std::string_view channel) {
  const bool is_dm = kind_of(channel) == ChannelKind::kDm && is_for(channel, first_of_dm(channel));
  if (is_dm) scope_.start(dms_.list_if_known(std::string(channel)));
}

// ---- Rights

std::optional<Access::Verdict> Rooms::check(const Session& session, Right,
                                            std::string_view channel) {
  return verdict_now(Wish::kRead, session.user(), session.role(), channel);
}

void Rooms::check_later(const Session& session, Right, std::string_view channel,
                        std::function<void(Verdict)> done) {
  scope_.start(verdict(Wish::kRead, session.user(), session.role(), std::string(channel)),
               std::move(done));
}

std::optional<Access::Verdict> Rooms::verdict_now(Wish wish, std::string_view user, UserRole role,
                                                  std::string_view channel) {
  switch (kind_of(channel)) {
    case ChannelKind::kRoom:
      return room_verdict_now(wish, user, role, room_of(channel));
    case ChannelKind::kDm:
      return wish == Wish::kRead ? dms_.may_read_now(channel, user)
                                 : dms_.may_write_now(channel, user);
    case ChannelKind::kInbox:
      if (wish == Wish::kRead || is_open()) return Verdict();
      return Verdict(not_allowed("only the server publishes there"));
    case ChannelKind::kOther:
      break;
  }
  return Verdict(Unexpected<RpcError>(RpcError(errors::kUnknownChannel)));
}

Access::Verdict Rooms::without_room() const {
  if (is_open()) return {};
  return no_such_room();
}

std::optional<Access::Verdict> Rooms::room_verdict_now(Wish wish, std::string_view user,
                                                       UserRole role, std::string_view room) {
  if (!is_room_name(room)) return without_room();
  const auto* its_room = store_.rooms.find("room", room);
  if (its_room == nullptr) return std::nullopt;
  if (!its_room->exists()) {
    return room == kLobby ? std::nullopt : std::optional(without_room());
  }
  if (user.empty()) return Verdict(nameless(its_room->record));
  const auto* member = store_.members.find("member:" + std::string(room), user);
  if (member == nullptr) return std::nullopt;
  const Standing standing{its_room->record, member->record, std::string(user), role,
                          RoomStore::now()};
  return wish == Wish::kRead ? standing.may_read() : standing.may_publish();
}

Task<Access::Verdict> Rooms::verdict(Wish wish, std::string user, UserRole role,
                                     std::string channel) {
  const auto known = verdict_now(wish, user, role, channel);
  if (known) co_return *known;
  if (kind_of(channel) == ChannelKind::kRoom) {
    co_return co_await room_verdict(wish, user, role, std::string(room_of(channel)));
  }
  if (wish == Wish::kRead) co_return co_await dms_.may_read(channel, user);
  co_return co_await dms_.may_write(channel, user);
}

Task<Access::Verdict> Rooms::room_verdict(Wish wish, std::string user, UserRole role,
                                          std::string room) {
  if (room == kLobby) {  // it always exists, also for who is faster than the first sign-in
    const auto made = co_await people_.make_lobby();
    if (!made) co_return Unexpected<RpcError>(made.error());
  }
  const auto its_room = co_await store_.room(room);
  if (!its_room) co_return Unexpected<RpcError>(its_room.error());
  if (!its_room->exists()) co_return without_room();
  if (user.empty()) co_return Verdict(nameless(its_room->record));
  const auto standing = co_await store_.standing(room, user, role);
  if (!standing) co_return Unexpected<RpcError>(standing.error());
  co_return wish == Wish::kRead ? standing->may_read() : standing->may_publish();
}

// ---- Publishing

// Where rooms need not be made, what nobody has made has no rules, and carries any data.
bool Rooms::is_unruled(std::string_view channel, std::string_view data) {
  if (!is_open()) return false;
  if (kind_of(channel) == ChannelKind::kInbox) return true;
  if (kind_of(channel) == ChannelKind::kDm) return !JsonFields(data).names("type");
  const std::string_view room = room_of(channel);
  if (!is_room_name(room)) return true;
  const auto* its_room = store_.rooms.find("room", room);
  return its_room != nullptr && !its_room->exists();
}

Expected<Access::Progress, RpcError> Rooms::publish(Session& session, const PublishRequest& request,
                                                    std::string_view data,
                                                    std::function<void(Published)> done) {
  Publishing::Publish publish{.channel = std::string(request.channel),
                              .body = std::string(request.body),
                              .user = std::string(request.user),
                              .message_id = std::string(request.message_id),
                              .role = session.role(),
                              .message = {}};
  const auto known = verdict_now(Wish::kPublish, publish.user, publish.role, publish.channel);
  const bool is_refused = !known || !*known;
  if (is_refused && request.channel == channel_of_room(kLobby)) {
    RpcCaller caller = session.caller();
    if (!caller.user.empty() && !people_.is_known(caller.user, caller.name, caller.role)) {
      scope_.start(publish_signed_in(std::move(caller), std::move(publish), std::string(data)),
                   std::move(done));
      return Progress::kWaiting;
    }
  }
  if (!known) {
    scope_.start(publish_later(std::move(publish), std::string(data)), std::move(done));
    return Progress::kWaiting;
  }
  if (!*known) return Unexpected<RpcError>(known->error());
  if (is_unruled(publish.channel, data)) {
    publishing_.carry(publish, std::move(done));
    return Progress::kOrdered;
  }
  auto message = read_message(data);
  if (!message) return Unexpected<RpcError>(message.error());
  publish.message = std::move(*message);
  return publishing_.start(publish, std::move(done));
}

// Who signs in for the first time is in the lobby a moment later.
Task<Access::Published> Rooms::publish_signed_in(RpcCaller caller, Publishing::Publish publish,
                                                 std::string data) {
  const auto signed_in = co_await people_.sign_in(caller.user, caller.name, caller.role);
  if (!signed_in) co_return Unexpected<RpcError>(signed_in.error());
  const auto published = co_await publish_later(std::move(publish), std::move(data));
  co_return published;
}

Task<Access::Published> Rooms::publish_later(Publishing::Publish publish, std::string data) {
  const auto allowed =
      co_await verdict(Wish::kPublish, publish.user, publish.role, publish.channel);
  if (!allowed) co_return Unexpected<RpcError>(allowed.error());
  Future<Published> future;
  if (is_unruled(publish.channel, data)) {
    publishing_.carry(publish, future.setter());
    co_return co_await future;
  }
  auto message = read_message(data);
  if (!message) co_return Unexpected<RpcError>(message.error());
  publish.message = std::move(*message);
  (void)publishing_.start(publish, future.setter());
  co_return co_await future;
}

void Rooms::forget_guest(const std::string& guest, std::function<void(bool)> done) {
  scope_.start(people_.forget(guest), [done = std::move(done)](const Result<bool>& is_done) {
    done(is_done.has_value());
  });
}

}  // namespace chirm
