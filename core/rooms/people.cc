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

Task<Result<PersonRecord>> People::find(std::string user) {
  const auto person = co_await store_.person(std::move(user));
  if (!person) co_return Unexpected<RpcError>(person.error());
  if (!person->exists()) co_return Unexpected<RpcError>(RpcError(404, "no such user"));
  co_return person->record;
}

}  // namespace chirm
