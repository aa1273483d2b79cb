// SPDX-License-Identifier: MIT
#pragma once
// The records of rooms and people, read and changed; and what is published about them. Private to
// core/rooms.

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/base/task.h"
#include "core/broker/broker.h"
#include "core/broker/document_store.h"
#include "core/rooms/names.h"
#include "core/rooms/record_cache.h"
#include "core/rooms/records.h"
#include "core/rooms/standing.h"

namespace chirm {

struct RoomEvent {
  std::string event;
  std::string user;
  std::string by = {};
  std::string reason = {};
  std::uint64_t until = 0;  // 0 and kForGood: not told
  std::string value = {};   // not told when empty
};

class RoomStore final : private DocumentListener {
 public:
  // Is told when what subscriptions depend on has changed.
  class Listener {
   public:
    virtual void on_room_changed(std::string_view room) = 0;
    // `was_member`: known to have been one.
    virtual void on_member_changed(std::string_view room, std::string_view user,
                                   bool was_member) = 0;
    // Anything may have changed.
    virtual void on_maybe_missed() = 0;

   protected:
    ~Listener() = default;
  };

  // Both must outlive the store.
  RoomStore(Broker& broker, Listener& listener);
  ~RoomStore();

  RecordCache<RoomRecord> rooms;
  RecordCache<MemberRecord> members;
  RecordCache<ListRecord> lists;
  RecordCache<MarkRecord> marks;  // outside:…, muted:…, block:…
  RecordCache<PersonRecord> persons;

  Broker& broker() { return broker_; }
  static std::uint64_t now();

  Task<Result<Kept<RoomRecord>>> room(std::string name) {
    return rooms.get("room", std::move(name));
  }
  Task<Result<Kept<PersonRecord>>> person(std::string user) {
    return persons.get("person", std::move(user));
  }
  // 404 when there is no such room.
  Task<Result<Standing>> standing(std::string room, std::string user, UserRole role);

  // Compare-and-set: `change` is given the record as it is, and the record is stored as it leaves
  // it, or not when it returns false or an error. May be called several times. The result: what is
  // there afterwards, and whether it was changed.
  template <class Record>
  struct Updated {
    Record record;
    bool is_changed;
  };
  template <class Record, class Change>
  Task<Result<Updated<Record>>> update(RecordCache<Record>& cache, std::string collection,
                                       std::string id, Change change) {
    auto kept = co_await cache.get(collection, id);
    for (int attempt = 0; attempt < kAttempts; ++attempt) {
      if (!kept) co_return Unexpected<RpcError>(kept.error());
      Kept<Record> next = *kept;
      const Result<bool> is_wanted = change(next);
      if (!is_wanted) co_return Unexpected<RpcError>(is_wanted.error());
      if (!*is_wanted) co_return Updated<Record>{std::move(next.record), false};
      const auto is_stored =
          co_await cache.put(collection, id, kept->version, next.record.encode());
      if (!is_stored) co_return Unexpected<RpcError>(is_stored.error());
      if (*is_stored) co_return Updated<Record>{std::move(next.record), true};
      kept = co_await cache.read(collection, id);
    }
    co_return Unexpected<RpcError>(RpcError(409, "it was changed at the same time"));
  }
  // Of a member, with what follows from it.
  template <class Change>
  Task<Result<Updated<MemberRecord>>> update_member(std::string room, std::string user,
                                                    Change change) {
    bool is_tried = false;
    bool was_member = false;
    bool has_other_marks = false;
    const auto watched = [&](Kept<MemberRecord>& kept) -> Result<bool> {
      const MemberRecord before = kept.record;
      was_member = before.is_member();
      const Result<bool> is_wanted = change(kept);
      is_tried = is_tried || (is_wanted && *is_wanted);
      has_other_marks = is_outside(before) != is_outside(kept.record) ||
                        is_muted(before) != is_muted(kept.record);
      return is_wanted;
    };
    auto updated = co_await update(members, "member:" + room, user, watched);
    // Failed, and done all the same?
    if (!updated && is_tried) (void)co_await settle_marks(room, user);
    if (!updated || !updated->is_changed) co_return updated;
    if (was_member) listener_.on_member_changed(room, user, true);
    if (has_other_marks) (void)co_await settle_marks(room, user);
    co_return updated;
  }

  // Puts a mark there, or takes it away. False: not done.
  Task<bool> mark(std::string collection, std::string id, bool is_there);
  Task<Result<bool>> is_marked(std::string collection, std::string id);
  // In the user's list; makes it when it is not there.
  template <class Change>
  Task<Result<Updated<ListRecord>>> update_list(std::string user, std::string channel,
                                                Change change) {
    std::string collection = list_of(user, channel);
    return update(lists, std::move(collection), std::move(channel), std::move(change));
  }
  // Takes a channel out of the user's list.
  Task<bool> unlist(std::string user, std::string channel);

  Future<Expected<std::vector<NamedDocument>, ErrorCode>> list(std::string_view collection,
                                                               std::string_view after,
                                                               std::uint32_t limit);
  Future<Expected<std::uint64_t, ErrorCode>> count(std::string_view collection);
  Future<Expected<History, ErrorCode>> newest(std::string_view channel);

  // Published by the server. Whoever it is for finds it or not: no answer is waited for.
  void tell_room(std::string_view room, const RoomEvent& event);
  void tell_user(std::string_view user, std::string_view data, std::string_view message_id = {});
  // The user's list has changed.
  void tell_listed(std::string_view user, std::string_view channel);

 private:
  static constexpr int kAttempts = 8;
  // A record that is there, of somebody who is not in the room.
  static bool is_outside(const MemberRecord& record) {
    return !record.is_member() && !record.encode().empty();
  }
  static bool is_muted(const MemberRecord& record) { return record.mute.until != 0; }
  // Makes the marks say what the record says, whoever else is at it. False: not done.
  Task<bool> settle_marks(std::string room, std::string user);

  void on_document(std::string_view collection, std::string_view id,
                   const Document& document) override;
  void on_documents_maybe_missed() override;
  void publish(std::string_view channel, std::string_view data, std::string_view message_id);

  Broker& broker_;
  Listener& listener_;
};

}  // namespace chirm
