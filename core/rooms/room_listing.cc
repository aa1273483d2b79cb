// SPDX-License-Identifier: MIT
#include "core/rooms/room_listing.h"

#include <algorithm>
#include <array>
#include <set>

#include "core/rooms/room_view.h"
#include "core/rooms/rules/names.h"
#include "protocol/ascii.h"

namespace chirm {

namespace {

constexpr std::uint32_t kMarkedMax = 500;  // people of each kind that moderators are told of

// Rooms' names are in lower case already. Other letters than ASCII's are matched as they are.
bool matches(const std::string& query, std::string_view room, const RoomRecord& record) {
  if (query.empty()) return true;
  const std::string wanted = ascii::to_lower(query);
  return room.find(wanted) != std::string_view::npos ||
         ascii::to_lower(record.title).find(wanted) != std::string::npos;
}

void add_sanctions(JsonWriter& json, const char* name,
                   const std::vector<std::pair<std::string, MemberRecord>>& people,
                   Sanction MemberRecord::*kind, std::uint64_t now) {
  json.open_array(name);
  for (const auto& [user, member] : people) {
    const Sanction& sanction = member.*kind;
    // What has run out stays in the record until that is written the next time.
    if (!sanction.holds(now)) continue;
    json.open();
    json.add("user", user);
    if (sanction.until != kForGood) json.add("until", sanction.until);
    if (!sanction.reason.empty()) json.add("reason", sanction.reason);
    json.add("by", sanction.by);
    json.close();
  }
  json.close_array();
}

}  // namespace

// ---- chat.rooms

struct RoomListing::Page {
  struct Found {
    std::string room;
    Standing standing;
    std::uint64_t members = 0;
  };
  std::set<std::string, std::less<>> own;  // rooms in the user's list
  std::vector<Found> found;
  std::string after;  // the last room that was looked at
  bool is_more = true;
  bool is_full = false;  // of one that is looked up: no more are asked for
};

Task<Result<void>> RoomListing::read_own(Page& page, std::string user) {
  const std::array collections{rooms_of(user), invitations_of(user)};
  for (const std::string& collection : collections) {
    const std::vector<NamedDocument> channels =
        co_await ok(store_.list(collection, {}, DocumentStore::kListMax));
    for (const NamedDocument& channel : channels) {
      if (kind_of(channel.id) == ChannelKind::kRoom) page.own.emplace(room_of(channel.id));
    }
  }
  co_return {};
}

// The user's record is read only of rooms in their list: who is in a room or invited to it has it
// there, and in the thousands of others they have none that would show them more.
Task<Result<void>> RoomListing::read_some(Page& page, const Request& request,
                                          const RpcCaller& caller) {
  const std::vector<NamedDocument> listed =
      co_await ok(store_.list(kRoomCollection, page.after, DocumentStore::kListMax));
  page.is_more = listed.size() == DocumentStore::kListMax;
  for (const NamedDocument& one : listed) {
    Page::Found found{
        one.id,
        {RoomRecord::decode(one.document.value), {}, caller.user, caller.role, store_.now()}};
    if (page.own.contains(one.id)) {
      const Kept<MemberRecord> member = co_await ok(store_.member(one.id, caller.user));
      found.standing.member = member.record;
    }
    const bool is_seen = judge(Wish::kKnow, found.standing).has_value() &&
                         matches(request.query, one.id, found.standing.room);
    if (is_seen && page.found.size() == request.limit) {
      page.is_more = true;
      co_return {};
    }
    page.after = one.id;
    if (is_seen) page.found.push_back(std::move(found));
  }
  co_return {};
}

// One more than asked for is looked up, to know whether there is one. What has no match among
// thousands takes several turns, for others wait for this one.
Task<Result<void>> RoomListing::look_up_some(Page& page, const Request& request,
                                             const RpcCaller& caller) {
  const bool is_admin = caller.role == UserRole::kAdmin;
  const auto is_theirs = [&](std::string_view room) { return is_admin || page.own.contains(room); };
  const RoomDirectory::Found candidates =
      directory_.find(request.query, page.after, request.limit + 1 - page.found.size(), is_theirs);
  for (const std::string& room : candidates.rooms) {
    const Kept<RoomRecord> kept = co_await ok(store_.room(room));
    if (!kept.exists()) continue;
    Page::Found found{room, {kept.record, {}, caller.user, caller.role, store_.now()}};
    if (page.own.contains(room)) {
      const Kept<MemberRecord> member = co_await ok(store_.member(room, caller.user));
      found.standing.member = member.record;
    }
    const bool is_seen = judge(Wish::kKnow, found.standing).has_value() &&
                         matches(request.query, room, found.standing.room);
    if (is_seen) page.found.push_back(std::move(found));
  }
  page.after = candidates.after;
  page.is_more = candidates.is_more;
  page.is_full = page.found.size() > request.limit;
  if (page.is_full) {
    page.found.pop_back();
    page.after = page.found.back().room;
    page.is_more = true;
  }
  if (page.is_full || !page.is_more) co_return {};
  Future<bool> turn;
  later_.add([next = turn.setter()] { next(true); });
  (void)co_await turn;
  co_return {};
}

// All are asked for before the first is awaited, so that the answers come in one round trip.
Task<Result<void>> RoomListing::read_counts(Page& page) {
  std::vector<MemberCount> counts;
  counts.reserve(page.found.size());
  for (const Page::Found& found : page.found) counts.emplace_back(store_, found.room);
  for (std::size_t i = 0; i < counts.size(); ++i) {
    page.found[i].members = co_await ok(counts[i].get());
  }
  co_return {};
}

Task<RpcResult> RoomListing::rooms(RpcCaller caller, Request request) {
  Page page;
  page.after = request.after;
  co_await ok(read_own(page, caller.user));
  bool is_full = false;
  while (page.is_more && !is_full) {
    if (directory_.is_whole()) {
      co_await ok(look_up_some(page, request, caller));
      is_full = page.is_full;
    } else {
      co_await ok(read_some(page, request, caller));
      is_full = page.found.size() == request.limit;
    }
  }
  co_await ok(read_counts(page));
  JsonWriter json;
  json.open();
  json.open_array("rooms");
  for (const Page::Found& found : page.found) {
    json.open();
    add_room(json, found.room, found.standing, found.members);
    json.close();
  }
  json.close_array();
  if (page.is_more) json.add("next", page.after);
  json.close();
  co_return json.take();
}

// ---- chat.room

Task<Result<RoomListing::People>> RoomListing::read_marked(std::string room,
                                                           std::string collection) {
  const std::vector<NamedDocument> marks = co_await ok(store_.list(collection, {}, kMarkedMax));
  People people;
  for (const NamedDocument& one : marks) {
    Kept<MemberRecord> member = co_await ok(store_.member(room, one.id));
    people.emplace_back(one.id, std::move(member.record));
  }
  co_return people;
}

Task<RpcResult> RoomListing::room(RpcCaller caller, Request request) {
  const Standing standing =
      co_await ok(store_.admit(Wish::kSee, request.room, caller.user, caller.role));
  MemberCount count(store_, request.room);
  const std::uint64_t members = co_await ok(count.get());
  JsonWriter json;
  json.open();
  add_room(json, request.room, standing, members);
  if (judge(Wish::kModerate, standing)) {
    const People outsiders = co_await ok(read_marked(request.room, outsiders_of(request.room)));
    const People muted = co_await ok(read_marked(request.room, muted_in(request.room)));
    add_sanctions(json, "bans", outsiders, &MemberRecord::ban, standing.now);
    add_sanctions(json, "mutes", muted, &MemberRecord::mute, standing.now);
    json.open_array("invited");
    for (const auto& [user, member] : outsiders) {
      if (member.is_member() || member.invited_by.empty()) continue;
      json.open();
      json.add("user", user);
      json.add("by", member.invited_by);
      json.close();
    }
    json.close_array();
  }
  json.close();
  co_return json.take();
}

// ---- chat.members

// The collection has outsiders too, so a page of it may hold no member at all: it is read on until
// there are as many as were asked for, or no more.
Task<RpcResult> RoomListing::members(RpcCaller caller, Request request) {
  const Standing standing =
      co_await ok(store_.admit(Wish::kRead, request.room, caller.user, caller.role));
  // One more is listed than is told, to see whether there is more.
  const std::uint32_t limit = std::min(request.limit, DocumentStore::kListMax - 1);
  JsonWriter json;
  json.open();
  json.open_array("members");
  std::string after = request.after;
  std::uint32_t count = 0;
  bool is_more = true;
  while (is_more && count < limit) {
    const std::vector<NamedDocument> page =
        co_await ok(store_.list(members_of(request.room), after, limit + 1));
    is_more = page.size() > limit;
    for (const NamedDocument& one : page) {
      if (count == limit) {
        is_more = true;
        break;
      }
      after = one.id;
      const MemberRecord member = MemberRecord::decode(one.document.value);
      const Rank rank = rank_in(standing.room, member, one.id, standing.now);
      if (rank == Rank::kNone) continue;
      ++count;
      json.open();
      json.add("user", one.id);
      json.add("name", member.name);
      json.add("role", text_of(rank));
      json.add("joined", member.joined);
      json.close();
    }
  }
  json.close_array();
  if (is_more) json.add("next", after);
  json.close();
  co_return json.take();
}

}  // namespace chirm
