// SPDX-License-Identifier: MIT
#include "core/rooms/read_marks.h"

#include <vector>

#include "core/rooms/names.h"
#include "core/rooms/room_view.h"
#include "protocol/json_fields.h"
#include "protocol/json_writer.h"

namespace chirm {

namespace {

constexpr std::size_t kWorkers = 16;  // channels that are looked at side by side

// When a publication says that it was made; 0: it does not.
std::uint64_t time_of(const std::string& body) {
  JsonFields publication("{" + body + "}");
  JsonFields data(publication.raw("data"));
  return data.number_or("time", {0, UINT64_MAX}, 0);
}

// A mark beyond the newest offset is of a log that is gone.
std::uint64_t read_of(const ListRecord& listed, std::uint64_t top) {
  return listed.read <= top ? listed.read : 0;
}

void add_position(JsonWriter& json, const History& newest, const ListRecord& listed) {
  json.add("top", newest.top.offset);
  json.add("epoch", newest.top.epoch);
  json.add("read", read_of(listed, newest.top.offset));
  if (newest.publications.empty()) return;
  const std::uint64_t time = time_of(newest.publications.front().body);
  if (time != 0) json.add("last", time);
}

}  // namespace

Task<RpcResult> ReadMarks::read(RpcCaller caller, Request request) {
  const Unexpected<RpcError> unknown(RpcError(404, "no such channel in your list"));
  const auto listed =
      co_await store_.lists.get(list_of(caller.user, request.channel), request.channel);
  if (!listed) co_return Unexpected<RpcError>(listed.error());
  if (!listed->exists()) co_return unknown;
  if (kind_of(request.channel) == ChannelKind::kRoom) {
    const auto member =
        co_await store_.members.get("member:" + std::string(room_of(request.channel)), caller.user);
    if (!member) co_return Unexpected<RpcError>(member.error());
    if (!member->record.is_member()) co_return unknown;
  }
  const auto newest = co_await store_.newest(request.channel);
  if (!newest) co_return Unexpected<RpcError>(RpcError(newest.error()));
  if (request.offset > newest->top.offset) {
    co_return Unexpected<RpcError>(RpcError(
        errors::kBadRequest.code,
        "offset: expected at most " + std::to_string(newest->top.offset) + ", the newest"));
  }
  const std::uint64_t top = newest->top.offset;
  if (request.offset <= read_of(listed->record, top)) co_return "{}";
  const auto go_on = [&](Kept<ListRecord>& kept) -> Result<bool> {
    if (!kept.exists()) return unknown;
    const bool is_forward = request.offset > read_of(kept.record, top);
    if (is_forward) kept.record.read = request.offset;
    return is_forward;
  };
  const auto gone_on = co_await store_.update_list(caller.user, request.channel, go_on);
  if (!gone_on) co_return Unexpected<RpcError>(gone_on.error());
  if (gone_on->is_changed) {
    JsonWriter json;
    json.open();
    json.add("type", "read");
    json.add("channel", request.channel);
    json.add("offset", request.offset);
    json.close();
    store_.tell_user(caller.user, json.take());
  }
  co_return "{}";
}

// ---- chat.sync

struct ReadMarks::Reading {
  RpcCaller caller;
  std::vector<NamedDocument> list;
  std::size_t next = 0;     // of the list, that no worker has taken yet
  std::size_t workers = 0;  // that are not done yet
  std::function<void(bool)> on_done;
  // By place in the list; "": it is none of these.
  std::vector<std::string> channels;
  std::vector<std::string> invitations;
  std::optional<RpcError> problem;
};

Task<RpcResult> ReadMarks::sync(RpcCaller caller, Request) {
  const auto reading = std::make_shared<Reading>();
  reading->caller = caller;
  for (const char* collection : {"list:", "dms:"}) {
    const auto listed = co_await store_.list(collection + caller.user, {}, DocumentStore::kListMax);
    if (!listed) co_return Unexpected<RpcError>(RpcError(listed.error()));
    reading->list.insert(reading->list.end(), listed->begin(), listed->end());
  }
  reading->channels.resize(reading->list.size());
  reading->invitations.resize(reading->list.size());
  Future<bool> done;
  reading->on_done = done.setter();
  reading->workers = kWorkers;
  for (std::size_t i = 0; i < kWorkers; ++i) {
    scope_.start(describe_some(reading), [reading](bool) {
      if (--reading->workers == 0) reading->on_done(true);
    });
  }
  (void)co_await done;
  if (reading->problem) co_return Unexpected<RpcError>(*reading->problem);
  co_return co_await write_sync(reading);
}

Task<bool> ReadMarks::describe_some(std::shared_ptr<Reading> reading) {
  while (reading->next < reading->list.size() && !reading->problem) {
    const std::size_t index = reading->next++;
    const ChannelKind kind = kind_of(reading->list[index].id);
    Result<bool> described = true;
    if (kind == ChannelKind::kRoom) {
      described = co_await describe_room(reading, index);
    } else if (kind == ChannelKind::kDm) {
      described = co_await describe_dm(reading, index);
    }
    if (!described) reading->problem = described.error();
  }
  co_return true;
}

Task<Result<bool>> ReadMarks::describe_room(std::shared_ptr<Reading> reading, std::size_t index) {
  const std::string channel = reading->list[index].id;
  const std::string room(room_of(channel));
  const ListRecord listed = ListRecord::decode(reading->list[index].document.value);
  MemberCount count(store_, room);
  Future<Expected<History, ErrorCode>> newest = store_.newest(channel);
  const auto standing = co_await store_.standing(room, reading->caller.user, reading->caller.role);
  if (!standing && standing.error().code != 404) co_return Unexpected<RpcError>(standing.error());
  const bool is_member = standing && standing->member.is_member();
  const bool is_invited =
      standing && !is_member && standing->may_know() && !standing->member.invited_by.empty();
  if (!is_member && !is_invited) {
    // Left over from something that broke on its way; or somebody joins at this moment.
    const std::uint64_t version = reading->list[index].document.version;
    (void)co_await store_.lists.put(list_of(reading->caller.user, channel), channel, version, "");
    co_return true;
  }
  const auto members = co_await count.get();
  if (!members) co_return Unexpected<RpcError>(members.error());
  const auto its_newest = co_await newest;
  if (!its_newest) co_return Unexpected<RpcError>(RpcError(its_newest.error()));
  JsonWriter json;
  json.open();
  if (is_member) json.add("kind", "room");
  add_room(json, room, *standing, *members);
  if (is_member) add_position(json, *its_newest, listed);
  if (is_invited) json.add("by", standing->member.invited_by);
  json.close();
  (is_member ? reading->channels : reading->invitations)[index] = json.take();
  co_return true;
}

Task<Result<bool>> ReadMarks::describe_dm(std::shared_ptr<Reading> reading, std::size_t index) {
  const std::string channel = reading->list[index].id;
  const ListRecord listed = ListRecord::decode(reading->list[index].document.value);
  if (listed.is_hidden) co_return true;
  Future<Expected<History, ErrorCode>> newest = store_.newest(channel);
  const std::string other(other_of(channel, reading->caller.user));
  const auto person = co_await store_.person(other);
  if (!person) co_return Unexpected<RpcError>(person.error());
  const auto its_newest = co_await newest;
  if (!its_newest) co_return Unexpected<RpcError>(RpcError(its_newest.error()));
  JsonWriter json;
  json.open();
  json.add("channel", channel);
  json.add("kind", "dm");
  json.add("user", other);
  json.add("name", person->exists() ? person->record.name : other);
  add_position(json, *its_newest, listed);
  json.close();
  reading->channels[index] = json.take();
  co_return true;
}

Task<RpcResult> ReadMarks::write_sync(std::shared_ptr<Reading> reading) {
  const auto blocked =
      co_await store_.list("block:" + reading->caller.user, {}, DocumentStore::kListMax);
  if (!blocked) co_return Unexpected<RpcError>(RpcError(blocked.error()));
  const auto add_all = [](JsonWriter& json, const std::vector<std::string>& objects) {
    for (const std::string& object : objects) {
      if (!object.empty()) json.add_raw_element(object);
    }
    json.close_array();
  };
  JsonWriter json;
  json.open();
  json.add("user", reading->caller.user);
  json.add("name", reading->caller.name);
  json.add("role", text_of(reading->caller.role));
  json.add("time", RoomStore::now());
  json.open_array("channels");
  add_all(json, reading->channels);
  json.open_array("invited");
  add_all(json, reading->invitations);
  json.open_array("blocked");
  for (const NamedDocument& one : *blocked) json.add_element(one.id);
  json.close_array();
  json.close();
  co_return json.take();
}

}  // namespace chirm
