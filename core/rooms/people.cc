// SPDX-License-Identifier: MIT
#include "core/rooms/people.h"

#include <array>

#include "core/base/check.h"
#include "core/rooms/rules/names.h"

namespace chirm {

bool People::is_known(std::string_view user, std::string_view name, UserRole role) {
  const auto* person = store_.persons.find(kPersonCollection, user);
  return person != nullptr && person->exists() && person->record.name == name &&
         person->record.role == role;
}

// The record that makes them known comes last. So what breaks on the way is done again when they
// come the next time, and each step of it may be done twice.
Task<Result<void>> People::sign_in(std::string user, std::string name, UserRole role) {
  CHIRM_CHECK(!user.empty(), name);
  if (is_known(user, name, role)) co_return {};
  const Kept<PersonRecord> person = co_await ok(store_.person(user));
  if (!person.exists()) co_await ok(enter_lobby(user, name));
  const auto rename = [&](Kept<PersonRecord>& kept) {
    const bool is_same = kept.exists() && kept.record.name == name && kept.record.role == role;
    kept.record = {name, role};
    return Result<bool>(!is_same);
  };
  const std::string people(kPersonCollection);
  (void)co_await ok(store_.update(store_.persons, people, user, rename));
  co_return {};
}

Task<Result<void>> People::make_lobby() {
  const auto build = [this](Kept<RoomRecord>& kept) {
    if (kept.exists()) return Result<bool>(false);
    kept.record.title = "Lobby";
    kept.record.created = store_.now();
    return Result<bool>(true);
  };
  (void)co_await ok(store_.update(store_.rooms, kRoomCollection, kLobby, build));
  co_return {};
}

// Whoever has a record in the lobby has been in it: they may have left it or be banned, and are not
// put back.
Task<Result<void>> People::enter_lobby(std::string user, std::string name) {
  co_await ok(make_lobby());
  const auto list = [](const Kept<ListRecord>& kept) { return Result<bool>(!kept.exists()); };
  (void)co_await ok(store_.update_list(user, channel_of_room(kLobby), list));
  const auto enter = [&](Kept<MemberRecord>& kept) {
    if (kept.exists()) return Result<bool>(false);
    kept.record.role = MemberRecord::Role::kMember;
    kept.record.joined = store_.now();
    kept.record.name = name;
    return Result<bool>(true);
  };
  (void)co_await ok(store_.update_member(kLobby, user, enter));
  co_return {};
}

// As it is written comes first: tokens of the operator's own system may name users with capitals.
// While the store is away the name is taken as it is, and what is done with it says so.
Task<std::string> People::known_as(std::string name) {
  const auto literally = co_await store_.person(name);
  if (!literally || literally->exists()) co_return name;
  const std::string user = user_of(name);
  const auto person = co_await store_.person(user);
  co_return person && person->exists() ? user : name;
}

Task<Result<void>> People::leave_all(std::string guest) {
  const auto leave = [](Kept<MemberRecord>& kept) {
    kept.record = {};
    return Result<bool>(kept.exists());
  };
  const std::string prefix = channel_of_room("");
  const std::array collections{rooms_of(guest), invitations_of(guest)};
  for (const std::string& collection : collections) {
    std::string after;
    std::size_t count = 0;
    do {
      const std::vector<NamedDocument> listed =
          co_await ok(store_.list(collection, after, DocumentStore::kListMax));
      for (const NamedDocument& one : listed) {
        after = one.id;
        if (!one.id.starts_with(prefix)) continue;
        (void)co_await ok(store_.update_member(one.id.substr(prefix.size()), guest, leave));
      }
      count = listed.size();
    } while (count == DocumentStore::kListMax);
  }
  co_return {};
}

// The list of rooms is the last to go: it says what there is to be removed, so that what breaks on
// the way can be done again.
Task<Result<void>> People::forget(std::string guest) {
  co_await ok(leave_all(guest));
  const Kept<PersonRecord> person = co_await ok(store_.person(guest));
  if (person.exists()) {
    const std::string people(kPersonCollection);
    (void)co_await ok(store_.persons.put(people, guest, person.version, ""));
  }
  const auto everybody = [](Kept<ContactRecord>& kept) {
    kept.record = {};
    return Result<bool>(kept.exists());
  };
  (void)co_await ok(store_.update(store_.contacts, kContactCollection, guest, everybody));
  const std::array collections{blocked_by(guest), dms_of(guest), requests_of(guest),
                               invitations_of(guest), rooms_of(guest)};
  for (const std::string& collection : collections) {
    Future<Expected<std::uint64_t, ErrorCode>> cleared;
    store_.broker().documents().clear(collection, cleared.setter());
    (void)co_await ok(std::move(cleared));
  }
  co_return {};
}

Task<Result<PersonRecord>> People::find(std::string user) {
  Kept<PersonRecord> person = co_await ok(store_.person(std::move(user)));
  if (!person.exists()) co_return no_such_user();
  co_return std::move(person.record);
}

}  // namespace chirm
