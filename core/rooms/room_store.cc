// SPDX-License-Identifier: MIT
#include "core/rooms/room_store.h"

#include "core/loop/loop.h"
#include "core/rooms/names.h"
#include "protocol/json_writer.h"
#include "protocol/message.h"

namespace chirm {

RoomStore::RoomStore(Broker& broker, Listener& listener)
    : rooms(broker.documents()),
      members(broker.documents()),
      lists(broker.documents()),
      marks(broker.documents()),
      persons(broker.documents()),
      broker_(broker),
      listener_(listener) {
  broker.documents().add_listener(*this);
}

RoomStore::~RoomStore() { broker_.documents().remove_listener(*this); }

std::uint64_t RoomStore::now() { return static_cast<std::uint64_t>(Loop::unix_ms()); }

Task<Result<Standing>> RoomStore::standing(std::string name, std::string user, UserRole role) {
  for (int attempt = 0; attempt < kAttempts; ++attempt) {
    const auto its_room = co_await room(name);
    if (!its_room) co_return Unexpected<RpcError>(its_room.error());
    if (!its_room->exists()) co_return no_such_room();
    const auto member = co_await members.get("member:" + name, user);
    if (!member) co_return Unexpected<RpcError>(member.error());
    // The room may have changed while the member was looked up.
    const auto* still = rooms.find("room", name);
    if (still == nullptr || still->version != its_room->version) continue;
    co_return Standing{its_room->record, member->record, user, role, now()};
  }
  co_return Unexpected<RpcError>(RpcError(errors::kInternal));
}

Task<bool> RoomStore::settle_marks(std::string name, std::string user) {
  auto member = co_await members.read("member:" + name, user);
  for (int attempt = 0; attempt < kAttempts; ++attempt) {
    if (!member) co_return false;
    const bool is_out = is_outside(member->record);
    const bool is_mute = is_muted(member->record);
    const bool is_out_done = co_await mark("outside:" + name, user, is_out);
    const bool is_mute_done = co_await mark("muted:" + name, user, is_mute);
    if (!is_out_done || !is_mute_done) co_return false;
    member = co_await members.read("member:" + name, user);
    const bool is_settled =
        member && is_out == is_outside(member->record) && is_mute == is_muted(member->record);
    if (is_settled) co_return true;
  }
  co_return false;
}

Task<bool> RoomStore::mark(std::string collection, std::string id, bool is_there) {
  if (is_there) {
    const auto when_missing = [](const Kept<MarkRecord>& kept) {
      return Result<bool>(!kept.exists());
    };
    const auto done = co_await update(marks, collection, id, when_missing);
    co_return done.has_value();
  }
  for (int attempt = 0; attempt < kAttempts; ++attempt) {
    const auto kept = co_await marks.get(collection, id);
    if (!kept) co_return false;
    if (!kept->exists()) co_return true;
    const auto is_gone = co_await marks.put(collection, id, kept->version, "");
    if (!is_gone || *is_gone) co_return is_gone.has_value();
  }
  co_return false;
}

Task<Result<bool>> RoomStore::is_marked(std::string collection, std::string id) {
  const auto kept = co_await marks.get(std::move(collection), std::move(id));
  if (!kept) co_return Unexpected<RpcError>(kept.error());
  co_return kept->exists();
}

Task<bool> RoomStore::unlist(std::string user, std::string channel) {
  const std::string collection = list_of(user, channel);
  for (int attempt = 0; attempt < kAttempts; ++attempt) {
    const auto kept = co_await lists.get(collection, channel);
    if (!kept) co_return false;
    if (!kept->exists()) co_return true;
    const auto is_gone = co_await lists.put(collection, channel, kept->version, "");
    if (!is_gone || *is_gone) co_return is_gone.has_value();
  }
  co_return false;
}

Future<Expected<std::vector<NamedDocument>, ErrorCode>> RoomStore::list(std::string_view collection,
                                                                        std::string_view after,
                                                                        std::uint32_t limit) {
  Future<Expected<std::vector<NamedDocument>, ErrorCode>> future;
  broker_.documents().list({collection, after, limit}, future.setter());
  return future;
}

Future<Expected<std::uint64_t, ErrorCode>> RoomStore::count(std::string_view collection) {
  Future<Expected<std::uint64_t, ErrorCode>> future;
  broker_.documents().count(collection, future.setter());
  return future;
}

Future<Expected<History, ErrorCode>> RoomStore::newest(std::string_view channel) {
  Future<Expected<History, ErrorCode>> future;
  broker_.history({.channel = channel, .since = 0, .limit = 1, .reverse = true}, future.setter());
  return future;
}

// ---- Telling

void RoomStore::publish(std::string_view channel, std::string_view data,
                        std::string_view message_id) {
  std::string body;
  append_publication_body(body, data, {});
  broker_.publish({.channel = channel, .body = body, .user = {}, .message_id = message_id},
                  [](const auto&) {});
}

void RoomStore::tell_room(std::string_view room, const RoomEvent& event) {
  JsonWriter json;
  json.open();
  json.add("type", "event");
  json.add("event", event.event);
  json.add("user", event.user);
  if (!event.by.empty()) json.add("by", event.by);
  if (!event.reason.empty()) json.add("reason", event.reason);
  if (event.until != 0 && event.until != kForGood) json.add("until", event.until);
  if (!event.value.empty()) json.add("value", event.value);
  json.add("time", now());
  json.close();
  publish(channel_of_room(room), json.take(), {});
}

void RoomStore::tell_user(std::string_view user, std::string_view data,
                          std::string_view message_id) {
  publish(inbox_of(user), data, message_id);
}

void RoomStore::tell_listed(std::string_view user, std::string_view channel) {
  JsonWriter json;
  json.open();
  json.add("type", "channel");
  json.add("channel", channel);
  json.close();
  tell_user(user, json.take());
}

// ---- Hearing

void RoomStore::on_document(std::string_view collection, std::string_view id,
                            const Document& document) {
  constexpr std::string_view kMember = "member:";
  if (collection == "room") {
    (void)rooms.on_document(collection, id, document);
    listener_.on_room_changed(id);
  } else if (collection.starts_with(kMember)) {
    const auto before = members.on_document(collection, id, document);
    const bool was_member = before && before->record.is_member();
    listener_.on_member_changed(collection.substr(kMember.size()), id, was_member);
  } else if (collection.starts_with("list:") || collection.starts_with("dms:")) {
    (void)lists.on_document(collection, id, document);
  } else if (collection == "person") {
    (void)persons.on_document(collection, id, document);
  } else {
    (void)marks.on_document(collection, id, document);
  }
}

void RoomStore::on_documents_maybe_missed() {
  rooms.on_maybe_missed();
  members.on_maybe_missed();
  lists.on_maybe_missed();
  marks.on_maybe_missed();
  persons.on_maybe_missed();
  listener_.on_maybe_missed();
}

}  // namespace chirm
