// SPDX-License-Identifier: MIT
// What rooms there are, and one of them with all that moderators see.
#include <algorithm>
#include <set>
#include <vector>

#include "core/rooms/membership.h"
#include "core/rooms/names.h"
#include "core/rooms/room_view.h"

namespace chirm {

namespace {

std::string lower_case(std::string_view text) {
  std::string lower(text);
  for (char& c : lower) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return lower;
}

bool matches(const std::string& query, std::string_view room, const RoomRecord& record) {
  if (query.empty()) return true;
  const std::string wanted = lower_case(query);
  return room.find(wanted) != std::string_view::npos ||
         lower_case(record.title).find(wanted) != std::string::npos;
}

void add_sanction(JsonWriter& json, const std::string& user, const Sanction& sanction) {
  json.open();
  json.add("user", user);
  if (sanction.until != kForGood) json.add("until", sanction.until);
  if (!sanction.reason.empty()) json.add("reason", sanction.reason);
  json.add("by", sanction.by);
  json.close();
}

}  // namespace

struct Membership::Listing {
  struct Found {
    std::string room;
    Standing standing;
    std::uint64_t members = 0;
  };
  std::set<std::string, std::less<>> own;  // rooms that may be the user's
  std::vector<Found> found;
  std::string after;
  bool is_more = true;
};

Task<Result<bool>> Membership::read_own(Listing& listing, std::string user) {
  const auto channels = co_await store_.list("list:" + user, {}, DocumentStore::kListMax);
  if (!channels) co_return Unexpected<RpcError>(RpcError(channels.error()));
  for (const NamedDocument& channel : *channels) {
    if (kind_of(channel.id) == ChannelKind::kRoom) listing.own.emplace(room_of(channel.id));
  }
  co_return true;
}

Task<Result<bool>> Membership::read_page(Listing& listing, const Request& request,
                                         const RpcCaller& caller) {
  const auto page = co_await store_.list("room", listing.after, DocumentStore::kListMax);
  if (!page) co_return Unexpected<RpcError>(RpcError(page.error()));
  listing.is_more = page->size() == DocumentStore::kListMax;
  for (const NamedDocument& one : *page) {
    Listing::Found found{
        one.id,
        {RoomRecord::decode(one.document.value), {}, caller.user, caller.role, RoomStore::now()}};
    if (listing.own.contains(one.id)) {
      const auto member = co_await store_.members.get("member:" + one.id, caller.user);
      if (!member) co_return Unexpected<RpcError>(member.error());
      found.standing.member = member->record;
    }
    const bool is_seen =
        found.standing.may_know() && matches(request.query, one.id, found.standing.room);
    if (is_seen && listing.found.size() == request.limit) {
      listing.is_more = true;
      co_return true;
    }
    listing.after = one.id;
    if (is_seen) listing.found.push_back(std::move(found));
  }
  co_return true;
}

Task<Result<bool>> Membership::read_counts(Listing& listing) {
  std::vector<MemberCount> counts;
  counts.reserve(listing.found.size());
  for (const Listing::Found& found : listing.found) counts.emplace_back(store_, found.room);
  for (std::size_t i = 0; i < counts.size(); ++i) {
    const auto count = co_await counts[i].get();
    if (!count) co_return Unexpected<RpcError>(count.error());
    listing.found[i].members = *count;
  }
  co_return true;
}

Task<RpcResult> Membership::rooms(RpcCaller caller, Request request) {
  Listing listing;
  listing.after = request.after;
  const auto own = co_await read_own(listing, caller.user);
  if (!own) co_return Unexpected<RpcError>(own.error());
  do {
    const auto page = co_await read_page(listing, request, caller);
    if (!page) co_return Unexpected<RpcError>(page.error());
  } while (listing.is_more && listing.found.size() < request.limit);
  const auto counted = co_await read_counts(listing);
  if (!counted) co_return Unexpected<RpcError>(counted.error());
  JsonWriter json;
  json.open();
  json.open_array("rooms");
  for (const Listing::Found& found : listing.found) {
    json.open();
    add_room(json, found.room, found.standing, found.members);
    json.close();
  }
  json.close_array();
  if (listing.is_more) json.add("next", listing.after);
  json.close();
  co_return json.take();
}

struct Membership::Outsiders {
  std::vector<std::pair<std::string, MemberRecord>> people;
};

Task<Result<bool>> Membership::read_outsiders(Outsiders& outsiders, std::string room,
                                              std::string collection) {
  constexpr std::uint32_t kPeopleMax = 500;
  const auto listed = co_await store_.list(collection + room, {}, kPeopleMax);
  if (!listed) co_return Unexpected<RpcError>(RpcError(listed.error()));
  for (const NamedDocument& one : *listed) {
    const auto member = co_await store_.members.get("member:" + room, one.id);
    if (!member) co_return Unexpected<RpcError>(member.error());
    outsiders.people.emplace_back(one.id, member->record);
  }
  co_return true;
}

Task<RpcResult> Membership::room(RpcCaller caller, Request request) {
  const auto standing = co_await store_.standing(request.room, caller.user, caller.role);
  if (!standing) co_return Unexpected<RpcError>(standing.error());
  if (!standing->may_know()) {
    const auto why = standing->may_read();
    co_return why ? no_such_room() : Unexpected<RpcError>(why.error());
  }
  MemberCount count(store_, request.room);
  const auto members = co_await count.get();
  if (!members) co_return Unexpected<RpcError>(members.error());
  JsonWriter json;
  json.open();
  add_room(json, request.room, *standing, *members);
  if (standing->power() >= Rank::kModerator) {
    Outsiders outside;
    const auto outside_read = co_await read_outsiders(outside, request.room, "outside:");
    if (!outside_read) co_return Unexpected<RpcError>(outside_read.error());
    Outsiders muted;
    const auto muted_read = co_await read_outsiders(muted, request.room, "muted:");
    if (!muted_read) co_return Unexpected<RpcError>(muted_read.error());
    json.open_array("bans");
    for (const auto& [user, member] : outside.people) {
      if (member.ban.holds(standing->now)) add_sanction(json, user, member.ban);
    }
    json.close_array();
    json.open_array("mutes");
    for (const auto& [user, member] : muted.people) {
      if (member.mute.holds(standing->now)) add_sanction(json, user, member.mute);
    }
    json.close_array();
    json.open_array("invited");
    for (const auto& [user, member] : outside.people) {
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

}  // namespace chirm
