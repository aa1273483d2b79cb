// SPDX-License-Identifier: MIT
#pragma once
// The records of rooms and people: read, changed, and watched for changes by other nodes. On the
// loop's thread. Errors are kInternal when the store is away, unless said otherwise. Private to
// core/rooms.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/accounts/user_name.h"
#include "core/base/task.h"
#include "core/broker/broker.h"
#include "core/broker/document_store.h"
#include "core/rooms/record_cache.h"
#include "core/rooms/rules/judge.h"
#include "core/rooms/rules/names.h"
#include "core/rooms/rules/records.h"
#include "core/rooms/rules/room_errors.h"
#include "core/rooms/rules/standing.h"

namespace chirm {

class Loop;

// Many functions, all of them one or two steps on the same six caches: reading and changing are
// not parted, because what follows from a change (marks, subscriptions) must not be passed by.
class RoomStore final : private DocumentListener {
 public:
  // Is told when what subscriptions depend on has changed, on any node.
  class Listener {
   public:
    virtual void on_room_changed(std::string_view room) = 0;
    // `was_member`: this node's copy said that they were one.
    virtual void on_member_changed(std::string_view room, std::string_view user,
                                   bool was_member) = 0;
    // Anything may have changed.
    virtual void on_maybe_missed() = 0;

   protected:
    ~Listener() = default;
  };

  // All must outlive the store. The listener is not called before this has returned.
  RoomStore(const Loop& loop, Broker& broker, Listener& listener);
  ~RoomStore();

  // Copies, by the collections of records.h.
  RecordCache<RoomRecord> rooms;
  RecordCache<MemberRecord> members;
  RecordCache<ListRecord> lists;
  RecordCache<MarkRecord> marks;  // outside:…, muted:…, block:…
  RecordCache<PersonRecord> persons;
  RecordCache<ContactRecord> contacts;

  Broker& broker() { return broker_; }
  // Unix milliseconds.
  std::uint64_t now() const;

  // ---- Reading

  Task<Result<Kept<RoomRecord>>> room(std::string name) {
    return rooms.get(kRoomCollection, std::move(name));
  }
  Task<Result<Kept<MemberRecord>>> member(std::string_view name, std::string user) {
    return members.get(members_of(name), std::move(user));
  }
  Task<Result<Kept<PersonRecord>>> person(std::string user) {
    return persons.get(std::string(kPersonCollection), std::move(user));
  }
  // Makes this node know a document of any of these collections.
  Task<Result<void>> fetch(std::string collection, std::string id);
  // nullopt: there is no such room.
  Task<Result<std::optional<Standing>>> find_standing(std::string name, std::string user,
                                                      UserRole role);
  // kNotFound: there is no such room.
  Task<Result<Standing>> standing(std::string name, std::string user, UserRole role);
  // Of somebody who may do what they wish there; or else the error of judge().
  Task<Result<Standing>> admit(Wish wish, std::string name, std::string user, UserRole role);
  // Whether `user` does not want to hear of `other`.
  Task<Result<bool>> has_blocked(std::string user, std::string other);
  // Whether one more room may be put into the user's list.
  Task<Result<bool>> has_list_space(std::string user);

  // At most `limit` documents behind `after`, in the order of their ids.
  Future<Expected<std::vector<NamedDocument>, ErrorCode>> list(std::string_view collection,
                                                               std::string_view after,
                                                               std::uint32_t limit);
  Future<Expected<std::uint64_t, ErrorCode>> count(std::string_view collection);
  // The newest publication, if there is one, and the top of the log.
  Future<Expected<History, ErrorCode>> newest(std::string_view channel);

  // ---- Changing

  // What is there after update(), and whether that has changed it.
  template <class Record>
  struct Updated {
    Record record;
    bool is_changed;
  };
  // Compare-and-set. `change` is given the record as it is, and changes it; the record is stored as
  // it leaves it. When it returns false or an error, nothing is stored. It may be called several
  // times, each time with a newer record. kConflict: others were faster each time.
  template <class Record, class Change>
  Task<Result<Updated<Record>>> update(RecordCache<Record>& cache, std::string collection,
                                       std::string id, Change change);
  // Of a member, with what follows from it: subscriptions, and the marks of records.h.
  template <class Change>
  Task<Result<Updated<MemberRecord>>> update_member(std::string room, std::string user,
                                                    Change change);
  // Of an entry in the user's list of rooms or of conversations; made if it is not there.
  template <class Change>
  Task<Result<Updated<ListRecord>>> update_list(const std::string& user, std::string channel,
                                                Change change) {
    std::string collection = list_of(user, channel);
    return update(lists, std::move(collection), std::move(channel), std::move(change));
  }
  // Takes a channel out of the user's list, if it is there; a room also out of their invitations.
  Task<Result<void>> unlist(std::string user, std::string channel);
  // Takes a channel out of one of the collections that hold ListRecords.
  Task<Result<void>> unlist_from(std::string collection, std::string channel) {
    return remove(lists, std::move(collection), std::move(channel));
  }
  // Makes a mark be there or not.
  Task<Result<void>> mark(std::string collection, std::string id, bool is_there);

  // Ends the process where an invariant of the copies does not hold.
  void check() const;

 private:
  // Of a compare-and-set that others are faster with: some more than nodes that may be at it.
  static constexpr int kAttempts = 8;
  static bool is_outsider(const MemberRecord& record) {
    return !record.is_member() && !record.encode().empty();
  }
  static bool is_muted(const MemberRecord& record) { return record.mute.until != 0; }
  template <class Record>
  Task<Result<void>> remove(RecordCache<Record>& cache, std::string collection, std::string id);
  Task<Result<void>> settle_marks(std::string room, std::string user);
  // kNotFound: the room is gone, and so is what was just written of the user in it.
  Task<Result<void>> check_is_there(std::string room, std::string user);
  template <class Call>
  auto with_cache_of(std::string_view collection, Call call);

  void on_document(std::string_view collection, std::string_view id,
                   const Document& document) override;
  void on_documents_maybe_missed() override;

  const Loop& loop_;
  Broker& broker_;
  Listener& listener_;
};

// After a lost race the record is read anew from the store, as the copy may be the one that lost.
template <class Record, class Change>
auto RoomStore::update(RecordCache<Record>& cache, std::string collection, std::string id,
                       Change change) -> Task<Result<Updated<Record>>> {
  Kept<Record> kept = co_await ok(cache.get(collection, id));
  for (int attempt = 0; attempt < kAttempts; ++attempt) {
    Kept<Record> next = kept;
    const Result<bool> is_wanted = change(next);
    if (!is_wanted) co_return Unexpected<RpcError>(is_wanted.error());
    if (!*is_wanted) co_return Updated<Record>{std::move(next.record), false};
    const bool is_stored =
        co_await ok(cache.put(collection, id, kept.version, next.record.encode()));
    if (is_stored) co_return Updated<Record>{std::move(next.record), true};
    kept = co_await ok(cache.read(collection, id));
  }
  co_return changed_meanwhile();
}

// A put that failed may have been done all the same (DocumentStore::put), so the marks are settled
// then too. This node's subscriptions end at once: its copy is new already, and when the store
// tells of the change, it no longer knows that they were a member before.
template <class Change>
auto RoomStore::update_member(std::string room, std::string user, Change change)
    -> Task<Result<Updated<MemberRecord>>> {
  bool is_tried = false;
  bool was_member = false;
  bool has_other_marks = false;
  const auto watched = [&](Kept<MemberRecord>& kept) -> Result<bool> {
    const MemberRecord before = kept.record;
    was_member = before.is_member();
    Result<bool> is_wanted = change(kept);
    is_tried = is_tried || (is_wanted && *is_wanted);
    has_other_marks = is_outsider(before) != is_outsider(kept.record) ||
                      is_muted(before) != is_muted(kept.record);
    return is_wanted;
  };
  auto updated = co_await update(members, members_of(room), user, watched);
  if (!updated && is_tried) (void)co_await settle_marks(room, user);
  if (!updated || !updated->is_changed) co_return updated;
  if (was_member) listener_.on_member_changed(room, user, true);
  if (has_other_marks) (void)co_await settle_marks(room, user);
  if (!updated->record.encode().empty()) co_await ok(check_is_there(room, user));
  co_return updated;
}

}  // namespace chirm
