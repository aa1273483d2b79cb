// SPDX-License-Identifier: MIT
#include "core/rooms/room_store.h"

#include "core/base/check.h"
#include "core/loop/loop.h"

namespace chirm {

RoomStore::RoomStore(const Loop& loop, Broker& broker, Listener& listener)
    : rooms(broker.documents()),
      members(broker.documents()),
      lists(broker.documents()),
      marks(broker.documents()),
      persons(broker.documents()),
      contacts(broker.documents()),
      loop_(loop),
      broker_(broker),
      listener_(listener) {
  broker.documents().add_listener(*this);
}

RoomStore::~RoomStore() { broker_.documents().remove_listener(*this); }

std::uint64_t RoomStore::now() const { return static_cast<std::uint64_t>(loop_.unix_ms()); }

// Other listeners' collections (accounts, sessions) come by here as well. That they count as marks
// does no harm: nobody asks for them, so there are no copies.
template <class Call>
auto RoomStore::with_cache_of(std::string_view collection, Call call) {
  if (collection == kRoomCollection) return call(rooms);
  if (collection.starts_with(kMemberPrefix)) return call(members);
  for (const std::string_view prefix : {kListPrefix, kDmsPrefix, kInvitedPrefix, kAskedPrefix}) {
    if (collection.starts_with(prefix)) return call(lists);
  }
  if (collection == kContactCollection) return call(contacts);
  return collection == kPersonCollection ? call(persons) : call(marks);
}

// ---- Reading

namespace {

template <class Cache>
Task<Result<void>> fetch_into(Cache& cache, std::string collection, std::string id) {
  (void)co_await ok(cache.get(collection, id));
  co_return {};
}

}  // namespace

Task<Result<void>> RoomStore::fetch(std::string collection, std::string id) {
  return with_cache_of(collection, [&](auto& cache) { return fetch_into(cache, collection, id); });
}

// The room and the member are of one moment: a member who is looked up while the room is handed
// over or closed would be judged by rules that did not hold together. So the room is looked at
// again afterwards, and if it has changed, all is done once more.
Task<Result<std::optional<Standing>>> RoomStore::find_standing(std::string name, std::string user,
                                                               UserRole role) {
  CHIRM_CHECK(!user.empty(), name);
  for (int attempt = 0; attempt < kAttempts; ++attempt) {
    const Kept<RoomRecord> its_room = co_await ok(room(name));
    const bool is_there = its_room.exists() && !its_room.record.is_deleted;
    if (!is_there) co_return std::optional<Standing>();
    const Kept<MemberRecord> its_member = co_await ok(member(name, user));
    const auto* still = rooms.find(kRoomCollection, name);
    if (still == nullptr || still->version != its_room.version) continue;
    co_return std::optional(Standing{its_room.record, its_member.record, user, role, now()});
  }
  co_return internal_error();
}

Task<Result<Standing>> RoomStore::standing(std::string name, std::string user, UserRole role) {
  std::optional<Standing> found = co_await ok(find_standing(name, user, role));
  if (!found) co_return no_such_room();
  co_return std::move(*found);
}

Task<Result<Standing>> RoomStore::admit(Wish wish, std::string name, std::string user,
                                        UserRole role) {
  Standing found = co_await ok(standing(name, user, role));
  co_await ok(judge(wish, found));
  co_return found;
}

Task<Result<bool>> RoomStore::has_blocked(std::string user, std::string other) {
  const Kept<MarkRecord> mark = co_await ok(marks.get(blocked_by(user), std::move(other)));
  co_return mark.exists();
}

// The count and what follows are not one step, so a user with several devices can get a few more
// into the list. The limit is there to bound what is kept of one user, and need not be exact.
Task<Result<bool>> RoomStore::has_list_space(std::string user) {
  const std::uint64_t listed = co_await ok(count(rooms_of(user)));
  co_return listed < kRoomsOfUserMax;
}

Future<Expected<std::vector<NamedDocument>, ErrorCode>> RoomStore::list(std::string_view collection,
                                                                        std::string_view after,
                                                                        std::uint32_t limit) {
  CHIRM_CHECK(limit > 0 && limit <= DocumentStore::kListMax, limit);
  Future<Expected<std::vector<NamedDocument>, ErrorCode>> future;
  broker_.documents().list({collection, after, limit}, future.setter());
  return future;
}

Future<Expected<std::uint64_t, ErrorCode>> RoomStore::count(std::string_view collection) {
  Future<Expected<std::uint64_t, ErrorCode>> future;
  broker_.documents().count(collection, future.setter());
  return future;
}

Future<Expected<History, ErrorCode>> RoomStore::newest(std::string_view channel) {
  Future<Expected<History, ErrorCode>> future;
  broker_.history({.channel = channel, .since = 0, .limit = 1, .reverse = true}, future.setter());
  return future;
}

// ---- Changing

template <class Record>
Task<Result<void>> RoomStore::remove(RecordCache<Record>& cache, std::string collection,
                                     std::string id) {
  for (int attempt = 0; attempt < kAttempts; ++attempt) {
    const Kept<Record> kept = co_await ok(cache.get(collection, id));
    if (!kept.exists()) co_return {};
    const bool is_gone = co_await ok(cache.put(collection, id, kept.version, ""));
    if (is_gone) co_return {};
  }
  co_return changed_meanwhile();
}

Task<Result<void>> RoomStore::unlist(std::string user, std::string channel) {
  co_await ok(remove(lists, list_of(user, channel), channel));
  if (kind_of(channel) == ChannelKind::kRoom) {
    co_await ok(remove(lists, invitations_of(user), channel));
  }
  co_return {};
}

Task<Result<void>> RoomStore::mark(std::string collection, std::string id, bool is_there) {
  if (!is_there) co_return co_await remove(marks, collection, id);
  const auto when_missing = [](const Kept<MarkRecord>& kept) {
    return Result<bool>(!kept.exists());
  };
  (void)co_await ok(update(marks, collection, id, when_missing));
  co_return {};
}

// Makes the marks say what the member's record says. Somebody else may change the record at the
// same time and set the marks in another order than we do. So whoever sets them reads the record
// again afterwards, from the store, until it still says what was set: the last one to look is
// right.
Task<Result<void>> RoomStore::settle_marks(std::string name, std::string user) {
  Kept<MemberRecord> kept = co_await ok(members.read(members_of(name), user));
  for (int attempt = 0; attempt < kAttempts; ++attempt) {
    const bool is_out = is_outsider(kept.record);
    const bool is_mute = is_muted(kept.record);
    const auto out_done = co_await mark(outsiders_of(name), user, is_out);
    const auto mute_done = co_await mark(muted_in(name), user, is_mute);
    co_await ok(out_done);
    co_await ok(mute_done);
    kept = co_await ok(members.read(members_of(name), user));
    if (is_out == is_outsider(kept.record) && is_mute == is_muted(kept.record)) co_return {};
  }
  co_return changed_meanwhile();
}

// Room and member are two documents, and whoever deletes the room removes the members after the
// room says so. So the room is read again, now that the member's record is there: one of the two
// sees the other, and nobody is left in what is gone.
Task<Result<void>> RoomStore::check_is_there(std::string name, std::string user) {
  const Kept<RoomRecord> its_room = co_await ok(rooms.read(kRoomCollection, name));
  if (its_room.exists() && !its_room.record.is_deleted) co_return {};
  co_await ok(remove(members, members_of(name), user));
  co_await ok(settle_marks(name, user));
  co_await ok(unlist(user, channel_of_room(name)));
  co_return no_such_room();
}

// ---- Hearing of changes

// Room and member: the copy is changed first, because the listener judges by it.
void RoomStore::on_document(std::string_view collection, std::string_view id,
                            const Document& document) {
  bool was_member = false;
  with_cache_of(collection, [&](auto& cache) {
    const auto before = cache.on_document(collection, id, document);
    if constexpr (requires { before->record.is_member(); }) {
      was_member = before && before->record.is_member();
    }
  });
  if (collection == kRoomCollection) listener_.on_room_changed(id);
  if (collection.starts_with(kMemberPrefix)) {
    listener_.on_member_changed(collection.substr(kMemberPrefix.size()), id, was_member);
  }
}

void RoomStore::on_documents_maybe_missed() {
  rooms.on_maybe_missed();
  members.on_maybe_missed();
  lists.on_maybe_missed();
  marks.on_maybe_missed();
  persons.on_maybe_missed();
  contacts.on_maybe_missed();
  listener_.on_maybe_missed();
}

void RoomStore::check() const {
  rooms.check();
  members.check();
  lists.check();
  marks.check();
  persons.check();
  contacts.check();
}

}  // namespace chirm
