// SPDX-License-Identifier: MIT
#include "core/rooms/lists/invitations.h"

#include <utility>
#include <vector>

#include "core/rooms/lists/bounded_list.h"
#include "core/rooms/rules/names.h"

namespace chirm {

Task<Result<void>> Invitations::add(std::string user, std::string channel) {
  const std::string collection = invitations_of(user);
  const Kept<ListRecord> entry = co_await ok(store_.lists.get(collection, channel));
  if (!entry.exists()) {
    const std::vector<std::string> gone =
        co_await ok(make_space_in(store_, collection, kInvitationsOfUserMax));
    // If this fails the room still says that they are invited, and they may come in.
    for (const std::string& one : gone) {
      std::string room(room_of(one));
      (void)co_await withdraw(std::move(room), user);
    }
  }
  // Written also when it is there: the oldest gives way, and this one is new again.
  const auto note = [&](Kept<ListRecord>& kept) {
    kept.record.since = store_.now();
    return Result<bool>(true);
  };
  (void)co_await ok(store_.update(store_.lists, collection, channel, note));
  co_return {};
}

// The record says it, so it comes first: what fails then is still in the list.
Task<Result<std::uint64_t>> Invitations::dismiss_all(std::string user) {
  const std::string collection = invitations_of(user);
  const std::vector<NamedDocument> listed =
      co_await ok(store_.list(collection, {}, DocumentStore::kListMax));
  std::uint64_t dismissed = 0;
  for (const NamedDocument& one : listed) {
    if (kind_of(one.id) == ChannelKind::kRoom) {
      std::string room(room_of(one.id));
      co_await ok(withdraw(std::move(room), user));
    }
    co_await ok(store_.unlist_from(collection, one.id));
    ++dismissed;
  }
  co_return dismissed;
}

Task<Result<void>> Invitations::withdraw(std::string room, std::string user) {
  const auto clear = [](Kept<MemberRecord>& kept) {
    const bool was_invited = !kept.record.invited_by.empty();
    kept.record.invited_by.clear();
    return Result<bool>(was_invited);
  };
  (void)co_await ok(store_.update_member(room, user, clear));
  co_return {};
}

}  // namespace chirm
