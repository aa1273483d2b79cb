// SPDX-License-Identifier: MIT
#include "core/rooms/read_marks.h"

#include <array>
#include <functional>
#include <optional>
#include <utility>
#include <vector>

#include "core/base/check.h"
#include "core/rooms/room_view.h"
#include "core/rooms/rules/names.h"
#include "protocol/json_fields.h"
#include "protocol/json_writer.h"

namespace chirm {

namespace {

// Channels that are described side by side. A list has hundreds, each of which takes a round trip
// to the store; all of them at once would be a burst that others wait behind.
constexpr std::size_t kWorkers = 16;

Unexpected<RpcError> not_in_list() { return not_found("no such channel in your list"); }

// The time that a publication itself names; 0: none.
std::uint64_t time_of(const std::string& body) {
  JsonFields publication("{" + body + "}");
  JsonFields data(publication.raw("data"));
  return data.number_or("time", JsonFields::kAny, 0);
}

// A mark beyond the newest offset is of a log that is gone, and whose numbers begin anew.
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

// Only forward: two devices may tell their marks in any order.
Task<RpcResult> ReadMarks::read(RpcCaller caller, Request request) {
  const std::string collection = list_of(caller.user, request.channel);
  const Kept<ListRecord> listed = co_await ok(store_.lists.get(collection, request.channel));
  if (!listed.exists()) co_return not_in_list();
  if (kind_of(request.channel) == ChannelKind::kRoom) {
    // Rooms that the user is only invited to are in the list too.
    const Kept<MemberRecord> member =
        co_await ok(store_.member(room_of(request.channel), caller.user));
    if (!member.record.is_member()) co_return not_in_list();
  }
  const History newest = co_await ok(store_.newest(request.channel));
  const std::uint64_t top = newest.top.offset;
  if (request.offset > top) {
    co_return bad_request("offset: expected at most " + std::to_string(top) + ", the newest");
  }
  if (request.offset <= read_of(listed.record, top)) co_return kEmptyResult;
  const auto go_on = [&](Kept<ListRecord>& kept) -> Result<bool> {
    if (!kept.exists()) return not_in_list();
    const bool is_forward = request.offset > read_of(kept.record, top);
    if (is_forward) kept.record.read = request.offset;
    return is_forward;
  };
  const auto gone_on = co_await ok(store_.update_list(caller.user, request.channel, go_on));
  if (gone_on.is_changed) {
    JsonWriter json;
    json.open();
    json.add("type", "read");
    json.add("channel", request.channel);
    json.add("offset", request.offset);
    json.close();
    announcer_.tell_user(caller.user, json.take());
  }
  co_return kEmptyResult;
}

// ---- chat.sync

struct ReadMarks::Reading {
  RpcCaller caller;
  std::vector<NamedDocument> list;
  std::size_t next = 0;     // the first entry of the list that no worker has taken yet
  std::size_t workers = 0;  // that are not done yet
  std::function<void(bool)> on_done;
  // JSON objects by place in the list; "": the entry is none of that kind.
  std::vector<std::string> channels;
  std::vector<std::string> invitations;
  std::optional<RpcError> problem;  // the first, upon which all stop
};

// The workers are tasks of their own, and the end of the scope may take this one before them: so
// all of them hold the reading.
Task<RpcResult> ReadMarks::sync(RpcCaller caller, Request) {
  const auto reading = std::make_shared<Reading>();
  reading->caller = caller;
  const std::array collections{rooms_of(caller.user), dms_of(caller.user)};
  for (const std::string& collection : collections) {
    const std::vector<NamedDocument> listed =
        co_await ok(store_.list(collection, {}, DocumentStore::kListMax));
    reading->list.insert(reading->list.end(), listed.begin(), listed.end());
  }
  reading->channels.resize(reading->list.size());
  reading->invitations.resize(reading->list.size());
  Future<bool> done;
  reading->on_done = done.setter();
  reading->workers = kWorkers;
  for (std::size_t i = 0; i < kWorkers; ++i) {
    scope_.start(describe_some(reading), [reading](bool) {
      CHIRM_CHECK(reading->workers > 0);
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
    Result<void> described;
    if (kind == ChannelKind::kRoom) {
      described = co_await describe_room(reading, index);
    } else if (kind == ChannelKind::kDm) {
      described = co_await describe_dm(reading, index);
    }
    if (!described) reading->problem = described.error();
  }
  co_return true;
}

// An entry of somebody who is neither a member nor invited is left over from something that broke
// on its way; here is where it is found, so it is removed. It may also be of somebody who joins at
// this moment: so only as it was read, and Membership::enter() lists them again.
Task<Result<void>> ReadMarks::describe_room(std::shared_ptr<Reading> reading, std::size_t index) {
  const RpcCaller& caller = reading->caller;
  const std::string channel = reading->list[index].id;
  const std::string room(room_of(channel));
  const ListRecord listed = ListRecord::decode(reading->list[index].document.value);
  MemberCount count(store_, room);
  Future<Expected<History, ErrorCode>> newest = store_.newest(channel);
  const std::optional<Standing> standing =
      co_await ok(store_.find_standing(room, caller.user, caller.role));
  const bool is_member = standing && standing->member.is_member();
  const bool is_invited = standing && !is_member && !standing->member.invited_by.empty() &&
                          judge(Wish::kKnow, *standing).has_value();
  if (!is_member && !is_invited) {
    const std::uint64_t version = reading->list[index].document.version;
    (void)co_await store_.lists.put(rooms_of(caller.user), channel, version, "");
    co_return {};
  }
  const std::uint64_t members = co_await ok(count.get());
  const History its_newest = co_await ok(std::move(newest));
  JsonWriter json;
  json.open();
  if (is_member) json.add("kind", "room");
  add_room(json, room, *standing, members);
  if (is_member) add_position(json, its_newest, listed);
  if (is_invited) json.add("by", standing->member.invited_by);
  json.close();
  (is_member ? reading->channels : reading->invitations)[index] = json.take();
  co_return {};
}

Task<Result<void>> ReadMarks::describe_dm(std::shared_ptr<Reading> reading, std::size_t index) {
  const std::string channel = reading->list[index].id;
  const ListRecord listed = ListRecord::decode(reading->list[index].document.value);
  if (listed.is_hidden) co_return {};
  Future<Expected<History, ErrorCode>> newest = store_.newest(channel);
  const std::string other(other_of(channel, reading->caller.user));
  const Kept<PersonRecord> person = co_await ok(store_.person(other));
  const History its_newest = co_await ok(std::move(newest));
  JsonWriter json;
  json.open();
  json.add("channel", channel);
  json.add("kind", "dm");
  json.add("user", other);
  json.add("name", person.exists() ? person.record.name : other);
  add_position(json, its_newest, listed);
  json.close();
  reading->channels[index] = json.take();
  co_return {};
}

Task<RpcResult> ReadMarks::write_sync(std::shared_ptr<Reading> reading) {
  const std::vector<NamedDocument> blocked =
      co_await ok(store_.list(blocked_by(reading->caller.user), {}, DocumentStore::kListMax));
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
  json.add("time", store_.now());
  json.open_array("channels");
  add_all(json, reading->channels);
  json.open_array("invited");
  add_all(json, reading->invitations);
  json.open_array("blocked");
  for (const NamedDocument& one : blocked) json.add_element(one.id);
  json.close_array();
  json.close();
  co_return json.take();
}

}  // namespace chirm
