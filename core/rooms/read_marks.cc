// SPDX-License-Identifier: MIT
#include "core/rooms/read_marks.h"

#include <array>
#include <functional>
#include <optional>
#include <set>
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
  std::string collection = list_of(caller.user, request.channel);
  Kept<ListRecord> listed = co_await ok(store_.lists.get(collection, request.channel));
  if (!listed.exists() && kind_of(request.channel) == ChannelKind::kDm) {
    collection = requests_of(caller.user);
    listed = co_await ok(store_.lists.get(collection, request.channel));
  }
  if (!listed.exists()) co_return not_in_list();
  if (kind_of(request.channel) == ChannelKind::kRoom) {
    // What somebody who has gone meanwhile has in the list is taken out by chat.sync.
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
  const auto gone_on = co_await ok(store_.update(store_.lists, collection, request.channel, go_on));
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

// In the order in which clients are told them, and in which a page goes on after another one.
enum class ReadMarks::Source : std::uint8_t { kRooms, kDms, kRequests, kInvitations };

struct ReadMarks::Reading {
  struct Entry {
    Source source;
    NamedDocument listed;
    // "<source><channel>": what a page ends with. Unlike the channel, it tells the order.
    std::string key() const {
      return static_cast<char>('0' + static_cast<int>(source)) + listed.id;
    }
  };
  RpcCaller caller;
  bool is_first_page = true;
  std::vector<Entry> list;
  std::set<std::string, std::less<>> invited;  // channels of the user's invitations
  std::string next_page;                       // "": this is the last one
  std::size_t next = 0;     // the first entry of the list that no worker has taken yet
  std::size_t workers = 0;  // that are not done yet
  std::function<void(bool)> on_done;
  // JSON objects by place in the list; "": the entry is none of that kind.
  std::vector<std::string> channels;
  std::vector<std::string> invitations;
  std::optional<RpcError> problem;  // the first, upon which all stop
};

// The lists themselves are small, and read whole; what a page spares is to look at each channel.
Task<Result<void>> ReadMarks::read_lists(std::shared_ptr<Reading> reading, Request request) {
  const std::string& user = reading->caller.user;
  const std::array collections{rooms_of(user), dms_of(user), requests_of(user),
                               invitations_of(user)};
  for (std::size_t i = 0; i < collections.size(); ++i) {
    std::vector<NamedDocument> listed =
        co_await ok(store_.list(collections[i], {}, DocumentStore::kListMax));
    for (NamedDocument& one : listed) {
      const auto source = static_cast<Source>(i);
      if (source == Source::kInvitations) reading->invited.insert(one.id);
      Reading::Entry entry{source, std::move(one)};
      if (!request.after.empty() && entry.key() <= request.after) continue;
      reading->list.push_back(std::move(entry));
    }
  }
  reading->is_first_page = request.after.empty();
  if (reading->list.size() > request.limit) {
    reading->list.resize(request.limit);
    reading->next_page = reading->list.back().key();
  }
  co_return {};
}

// The workers are tasks of their own, and the end of the scope may take this one before them: so
// all of them hold the reading.
Task<RpcResult> ReadMarks::sync(RpcCaller caller, Request request) {
  const auto reading = std::make_shared<Reading>();
  reading->caller = caller;
  co_await ok(read_lists(reading, request));
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
    const ChannelKind kind = kind_of(reading->list[index].listed.id);
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
  const Reading::Entry& entry = reading->list[index];
  const std::string& channel = entry.listed.id;
  const std::string room(room_of(channel));
  const ListRecord listed = ListRecord::decode(entry.listed.document.value);
  MemberCount count(store_, room);
  Future<Expected<History, ErrorCode>> newest = store_.newest(channel);
  const std::optional<Standing> standing =
      co_await ok(store_.find_standing(room, caller.user, caller.role));
  const bool is_in_list = entry.source == Source::kRooms;
  const bool is_member = standing && standing->member.is_member();
  const bool is_invited = standing && !is_member && !standing->member.invited_by.empty() &&
                          judge(Wish::kKnow, *standing).has_value();
  const bool is_in_place = is_in_list ? is_member : is_invited;
  if (!is_in_place) co_await ok(put_right(reading, index, is_invited));
  // What a user is in is told of the entry in their list, and not twice.
  const bool is_told =
      is_in_place || (is_in_list && is_invited && !reading->invited.contains(channel));
  if (!is_told) co_return {};
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

// Versions before this one had invitations in the list of rooms.
Task<Result<void>> ReadMarks::put_right(std::shared_ptr<Reading> reading, std::size_t index,
                                        bool is_invited) {
  const std::string& user = reading->caller.user;
  const Reading::Entry& entry = reading->list[index];
  const bool is_in_list = entry.source == Source::kRooms;
  if (is_in_list && is_invited) {
    const auto note = [&](Kept<ListRecord>& kept) {
      kept.record.since = store_.now();
      return Result<bool>(!kept.exists());
    };
    (void)co_await ok(store_.update(store_.lists, invitations_of(user), entry.listed.id, note));
  }
  std::string collection = is_in_list ? rooms_of(user) : invitations_of(user);
  std::string channel = entry.listed.id;
  (void)co_await store_.lists.put(std::move(collection), std::move(channel),
                                  entry.listed.document.version, "");
  co_return {};
}

Task<Result<void>> ReadMarks::describe_dm(std::shared_ptr<Reading> reading, std::size_t index) {
  const std::string channel = reading->list[index].listed.id;
  const ListRecord listed = ListRecord::decode(reading->list[index].listed.document.value);
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
  if (reading->list[index].source == Source::kRequests) json.add("request", true);
  json.close();
  reading->channels[index] = json.take();
  co_return {};
}

Task<RpcResult> ReadMarks::write_sync(std::shared_ptr<Reading> reading) {
  const std::string& user = reading->caller.user;
  std::vector<NamedDocument> blocked;
  if (reading->is_first_page) {
    blocked = co_await ok(store_.list(blocked_by(user), {}, DocumentStore::kListMax));
  }
  const Kept<ContactRecord> contact = co_await ok(store_.contacts.get(kContactCollection, user));
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
  json.add("contact", text_of(contact.record.from));
  json.open_array("channels");
  add_all(json, reading->channels);
  json.open_array("invited");
  add_all(json, reading->invitations);
  json.open_array("blocked");
  for (const NamedDocument& one : blocked) json.add_element(one.id);
  json.close_array();
  if (!reading->next_page.empty()) json.add("next", reading->next_page);
  json.close();
  co_return json.take();
}

}  // namespace chirm
