// SPDX-License-Identifier: MIT
#include "core/rooms/lists/contact_settings.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "core/rooms/people.h"
#include "core/rooms/rules/judge.h"
#include "core/rooms/rules/names.h"
#include "protocol/json_writer.h"

namespace chirm {

Task<RpcResult> ContactSettings::contact(RpcCaller caller, Request request) {
  Kept<ContactRecord> kept = co_await ok(store_.contacts.get(kContactCollection, caller.user));
  if (request.from) {
    const auto change = [&](Kept<ContactRecord>& now) {
      return Result<bool>(std::exchange(now.record.from, *request.from) != *request.from);
    };
    const auto changed =
        co_await ok(store_.update(store_.contacts, kContactCollection, caller.user, change));
    kept.record = changed.record;
  }
  JsonWriter json;
  json.open();
  json.add("from", text_of(kept.record.from));
  json.close();
  co_return json.take();
}

bool ContactSettings::is_open_now(std::string_view user) {
  const auto* kept = store_.contacts.find(kContactCollection, user);
  return kept != nullptr && kept->record.from == ContactRecord::From::kEverybody;
}

Task<Result<void>> ContactSettings::check(std::string user, std::string sender,
                                          UserRole sender_role) {
  const Kept<ContactRecord> kept = co_await ok(store_.contacts.get(kContactCollection, user));
  const auto from = kept.record.from;
  bool shares_room = false;
  if (from == ContactRecord::From::kRooms) {
    shares_room = co_await ok(share_a_room(std::move(user), std::move(sender)));
  }
  co_return judge_contact(from, sender_role, shares_room);
}

// Everybody is in the lobby, which says nothing. The lists are only indexes, so that what both have
// in them is looked up.
Task<Result<bool>> ContactSettings::share_a_room(std::string one, std::string other) {
  auto ones = store_.list(rooms_of(one), {}, DocumentStore::kListMax);
  auto others = store_.list(rooms_of(other), {}, DocumentStore::kListMax);
  const std::vector<NamedDocument> its_rooms = co_await ok(std::move(ones));
  const std::vector<NamedDocument> other_rooms = co_await ok(std::move(others));
  const std::string lobby = channel_of_room(kLobby);
  for (const NamedDocument& listed : its_rooms) {
    const bool is_both = listed.id != lobby && kind_of(listed.id) == ChannelKind::kRoom &&
                         std::ranges::binary_search(other_rooms, listed.id, {}, &NamedDocument::id);
    if (!is_both) continue;
    const std::string room(room_of(listed.id));
    const Kept<MemberRecord> its_member = co_await ok(store_.member(room, one));
    const Kept<MemberRecord> other_member = co_await ok(store_.member(room, other));
    if (its_member.record.is_member() && other_member.record.is_member()) co_return true;
  }
  co_return false;
}

}  // namespace chirm
