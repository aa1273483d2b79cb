// SPDX-License-Identifier: MIT
#include "core/rooms/people.h"

#include "core/accounts/user_name.h"
#include "core/rooms/names.h"

namespace chirm {

bool People::is_known(std::string_view user, std::string_view name, UserRole role) {
  const auto* person = store_.persons.find("person", user);
  return person != nullptr && person->exists() && person->record.name == name &&
         person->record.role == role;
}

Task<Result<bool>> People::sign_in(std::string user, std::string name, UserRole role) {
  if (is_known(user, name, role)) co_return true;
  const auto person = co_await store_.person(user);
  if (!person) co_return Unexpected<RpcError>(person.error());
  if (!person->exists()) {
    // Known only when all is done: what was left half done is done again.
    const auto entered = co_await enter_lobby(user, name);
    if (!entered) co_return entered;
  }
  const auto rename = [&](Kept<PersonRecord>& kept) {
    const bool is_same = kept.exists() && kept.record.name == name && kept.record.role == role;
    kept.record = {name, role};
    return Result<bool>(!is_same);
  };
  const auto renamed = co_await store_.update(store_.persons, "person", user, rename);
  if (!renamed) co_return Unexpected<RpcError>(renamed.error());
  co_return true;
}

Task<Result<bool>> People::make_lobby() {
  const auto build = [](Kept<RoomRecord>& kept) {
    if (kept.exists()) return Result<bool>(false);
    kept.record.title = "Lobby";
    kept.record.created = RoomStore::now();
    return Result<bool>(true);
  };
  const std::string lobby(kLobby);
  const auto built = co_await store_.update(store_.rooms, "room", lobby, build);
  if (!built) co_return Unexpected<RpcError>(built.error());
  co_return true;
}

Task<Result<bool>> People::enter_lobby(std::string user, std::string name) {
  const auto made = co_await make_lobby();
  if (!made) co_return made;
  const std::string lobby(kLobby);
  const auto list = [](const Kept<ListRecord>& kept) { return Result<bool>(!kept.exists()); };
  const auto listed = co_await store_.update_list(user, channel_of_room(lobby), list);
  if (!listed) co_return Unexpected<RpcError>(listed.error());
  const auto enter = [&](Kept<MemberRecord>& kept) {
    if (kept.exists()) return Result<bool>(false);
    kept.record.role = MemberRecord::Role::kMember;
    kept.record.joined = RoomStore::now();
    kept.record.name = name;
    return Result<bool>(true);
  };
  const auto entered = co_await store_.update_member(lobby, user, enter);
  if (!entered) co_return Unexpected<RpcError>(entered.error());
  co_return true;
}

Task<std::string> People::known_as(std::string name) {
  const auto literally = co_await store_.person(name);
  if (!literally || literally->exists()) co_return name;
  const std::string user = user_of(name);
  const auto person = co_await store_.person(user);
  co_return person && person->exists() ? user : name;
}

// The list of channels is the last to go: it says what there is to be removed.
Task<Result<bool>> People::forget(std::string guest) {
  const auto leave = [](Kept<MemberRecord>& kept) {
    kept.record = {};
    return Result<bool>(kept.exists());
  };
  const std::string list = "list:" + guest;
  std::string after;
  while (true) {
    const auto listed = co_await store_.list(list, after, DocumentStore::kListMax);
    if (!listed) co_return Unexpected<RpcError>(RpcError(listed.error()));
    for (const NamedDocument& one : *listed) {
      if (!one.id.starts_with(channel_of_room(""))) continue;
      const std::string room = one.id.substr(channel_of_room("").size());
      const auto left = co_await store_.update_member(room, guest, leave);
      if (!left) co_return Unexpected<RpcError>(left.error());
    }
    if (listed->size() < DocumentStore::kListMax) break;
    after = listed->back().id;
  }
  const auto person = co_await store_.person(guest);
  if (!person) co_return Unexpected<RpcError>(person.error());
  if (person->exists()) {
    const auto removed = co_await store_.persons.put("person", guest, person->version, "");
    if (!removed) co_return removed;
  }
  for (const std::string& collection : {"block:" + guest, "dms:" + guest, list}) {
    Future<Expected<std::uint64_t, ErrorCode>> cleared;
    store_.broker().documents().clear(collection, cleared.setter());
    const auto count = co_await cleared;
    if (!count) co_return Unexpected<RpcError>(RpcError(count.error()));
  }
  co_return true;
}

Task<Result<PersonRecord>> People::find(std::string user) {
  const auto person = co_await store_.person(std::move(user));
  if (!person) co_return Unexpected<RpcError>(person.error());
  if (!person->exists()) co_return Unexpected<RpcError>(RpcError(404, "no such user"));
  co_return person->record;
}

}  // namespace chirm
