// SPDX-License-Identifier: MIT
#include "core/rooms/room_deletion.h"

#include <array>
#include <utility>

#include "core/rooms/people.h"
#include "core/rooms/rules/names.h"
#include "core/rooms/rules/room_errors.h"
#include "protocol/json_fields.h"
#include "protocol/json_writer.h"

namespace chirm {

namespace {

constexpr const char* kDeletionCollection = "deletion";
constexpr std::string_view kBlank = R"("data":{"type":"x-deleted"})";
// At a time, between two looks at whether this node is still the one that does it.
constexpr std::uint32_t kPage = 100;
constexpr std::size_t kPageBytes = 1024 * 1024;
// Of the history. Once the room is deleted nobody may publish there, so what a pass finds was on
// its way when the one before it went by.
constexpr int kPassesMax = 8;
// To note a deletion while others change the note.
constexpr int kAttempts = 8;
constexpr const char* kWhy = "the room was deleted";

struct DeletionRecord {
  std::string by;
  std::uint64_t at = 0;

  static DeletionRecord decode(std::string_view text) {
    JsonFields fields(text);
    return {fields.text_or("by", JsonFields::kAny, {}),
            fields.number_or("at", JsonFields::kAny, 0)};
  }
  std::string encode() const {
    JsonWriter json;
    json.open();
    json.add("by", by);
    json.add("at", at);
    json.close();
    return json.take();
  }
};

}  // namespace

RoomDeletion::RoomDeletion(Loop& loop, RoomStore& store, Announcer& announcer, TaskScope& scope)
    : store_(store), announcer_(announcer), scope_(scope), timer_(loop, [this] { look(); }) {
  timer_.start_repeating(kLookMs);
}

bool RoomDeletion::is_blank(std::string_view body) { return body == kBlank; }

// The deletion is noted before the room's record says it, and once more afterwards: whatever breaks
// in between, a room that is deleted is one that some node finishes deleting.
Task<RpcResult> RoomDeletion::remove(RpcCaller caller, Request request) {
  const Standing standing =
      co_await ok(store_.admit(Wish::kOwn, request.room, caller.user, caller.role));
  if (request.room == kLobby) co_return not_allowed("the lobby stays");
  Work work{request.room, caller.user};
  co_await ok(take_over(work));
  std::string owner;
  const auto close = [&](Kept<RoomRecord>& kept) -> Result<bool> {
    if (!kept.exists() || kept.record.is_deleted) return no_such_room();
    // It may have been handed over since it was looked at.
    if (caller.role != UserRole::kAdmin && kept.record.owner != standing.room.owner) {
      return changed_meanwhile();
    }
    kept.record.is_deleted = true;
    owner = kept.record.owner;
    return true;
  };
  (void)co_await ok(store_.update(store_.rooms, kRoomCollection, request.room, close));
  (void)co_await store_.mark(owned_by(owner), request.room, false);
  const auto claimed = co_await claim(work);
  // Who has changed the note is at it: the room is deleted all the same.
  if (claimed) scope_.start(purge(std::move(work)));
  co_return kEmptyResult;
}

// A note of an earlier attempt may be worked off right now, here or on another node: whoever is at
// it meets ours then, and leaves the rest to us.
Task<Result<void>> RoomDeletion::take_over(Work& work) {
  for (int attempt = 0; attempt < kAttempts; ++attempt) {
    Future<Expected<Document, ErrorCode>> noted;
    store_.broker().documents().get(kDeletionCollection, work.room, noted.setter());
    const Document note = co_await ok(std::move(noted));
    work.version = note.version;
    const auto claimed = co_await claim(work);
    if (claimed || claimed.error().code != kConflict) co_return claimed;
  }
  co_return changed_meanwhile(true);
}

// ---- What others have left

void RoomDeletion::look() {
  if (std::exchange(is_looking_, true)) return;
  scope_.start(resume_all(), [this](bool) { is_looking_ = false; });
}

// As many as there are: a page holds a thousand, and what is done is not in the next one any more.
Task<bool> RoomDeletion::resume_all() {
  const auto noted = co_await store_.list(kDeletionCollection, {}, DocumentStore::kListMax);
  if (!noted) co_return false;
  for (const NamedDocument& one : *noted) {
    const DeletionRecord record = DeletionRecord::decode(one.document.value);
    // A time in the future is of a clock that was wrong, and keeps nobody from it.
    const std::uint64_t now = store_.now();
    if (record.at <= now && now - record.at < kLeaseMs) continue;
    Work work{one.id, record.by, one.document.version};
    const auto claimed = co_await claim(work);
    if (!claimed) continue;
    const auto its_room = co_await store_.rooms.read(kRoomCollection, work.room);
    if (!its_room) continue;
    if (its_room->exists() && its_room->record.is_deleted) {
      (void)co_await purge(std::move(work));
    } else {
      // Either the room was never deleted, or all is done but this note.
      (void)co_await finish(work);
    }
  }
  co_return true;
}

// ---- Removing what there is

// The members come first: they tell who has to be told, and the room is in their lists. The room's
// own record is the last but the note, for with it the name is free. Every step may be done twice.
Task<bool> RoomDeletion::purge(Work work) {
  const auto members_gone = co_await purge_members(work);
  if (!members_gone) co_return false;
  const std::array collections{outsiders_of(work.room), muted_in(work.room)};
  for (const std::string& collection : collections) {
    const auto marks_gone = co_await purge_marks(work, collection);
    if (!marks_gone) co_return false;
  }
  const auto history_gone = co_await purge_history(work);
  if (!history_gone) co_return false;
  const auto still_ours = co_await claim(work);
  if (!still_ours) co_return false;
  const auto its_room = co_await store_.rooms.read(kRoomCollection, work.room);
  if (!its_room) co_return false;
  if (its_room->exists() && its_room->record.is_deleted) {
    // It has not counted since it was deleted, unless that was not noted.
    const std::string owner = its_room->record.owner;
    const auto given_back = co_await store_.mark(owned_by(owner), work.room, false);
    if (!given_back) co_return false;
    const auto removed =
        co_await store_.rooms.put(kRoomCollection, work.room, its_room->version, "");
    if (!removed || !*removed) co_return false;
  }
  const auto finished = co_await finish(work);
  co_return finished.has_value();
}

Task<Result<void>> RoomDeletion::purge_members(Work& work) {
  while (true) {
    co_await ok(claim(work));
    const std::vector<NamedDocument> listed =
        co_await ok(store_.list(members_of(work.room), {}, kPage));
    if (listed.empty()) co_return {};
    for (const NamedDocument& one : listed) co_await ok(forget_member(work, one));
  }
}

// The record goes only as it was read: one that has been changed since is found in the next page.
Task<Result<void>> RoomDeletion::forget_member(const Work& work, NamedDocument member) {
  const MemberRecord record = MemberRecord::decode(member.document.value);
  co_await ok(store_.unlist(member.id, channel_of_room(work.room)));
  if (record.is_member() || !record.invited_by.empty()) tell_removed(work, member.id);
  co_await ok(store_.mark(outsiders_of(work.room), member.id, false));
  co_await ok(store_.mark(muted_in(work.room), member.id, false));
  (void)co_await ok(
      store_.members.put(members_of(work.room), member.id, member.document.version, ""));
  co_return {};
}

Task<Result<void>> RoomDeletion::purge_marks(Work& work, std::string collection) {
  while (true) {
    co_await ok(claim(work));
    const std::vector<NamedDocument> listed = co_await ok(store_.list(collection, {}, kPage));
    if (listed.empty()) co_return {};
    for (const NamedDocument& one : listed) co_await ok(store_.mark(collection, one.id, false));
  }
}

// Rewritten, not cut off: nodes that hold what was there, and put it back into a store that has
// lost it, follow a rewrite, and offsets are not given twice.
Task<Result<void>> RoomDeletion::purge_history(Work& work) {
  for (int pass = 0; pass < kPassesMax; ++pass) {
    const bool was_any = co_await ok(blank_history(work));
    if (!was_any) co_return {};
  }
  co_return changed_meanwhile(true);
}

Task<Result<bool>> RoomDeletion::blank_history(Work& work) {
  const std::string channel = channel_of_room(work.room);
  bool was_any = false;
  std::uint64_t before = 0;
  while (true) {
    co_await ok(claim(work));
    Future<Expected<History, ErrorCode>> answer;
    store_.broker().history({.channel = channel,
                             .since = before,
                             .limit = kPage,
                             .reverse = true,
                             .bytes_max = kPageBytes},
                            answer.setter());
    const History page = co_await ok(std::move(answer));
    if (page.publications.empty()) co_return was_any;
    const std::size_t blanked = co_await ok(blank(channel, page));
    was_any = was_any || blanked > 0;
    before = page.publications.back().offset;
    if (before <= 1) co_return was_any;
  }
}

// Side by side, so that a store that writes to a disk does so once for many of them.
Task<Result<std::size_t>> RoomDeletion::blank(const std::string& channel, const History& page) {
  std::vector<Future<Expected<Rewritten, ErrorCode>>> answers;
  answers.reserve(page.publications.size());
  for (const Publication& one : page.publications) {
    if (is_blank(one.body)) continue;
    auto& answer = answers.emplace_back();
    store_.broker().rewrite({.channel = channel,
                             .offset = one.offset,
                             .epoch = page.top.epoch,
                             .expected = {},
                             .body = kBlank},
                            answer.setter());
  }
  for (auto& answer : answers) (void)co_await ok(std::move(answer));
  co_return answers.size();
}

void RoomDeletion::tell_removed(const Work& work, const std::string& user) {
  JsonWriter json;
  json.open();
  json.add("type", "removed");
  json.add("channel", channel_of_room(work.room));
  json.add("reason", kWhy);
  json.add("by", work.by);
  json.add("deleted", true);
  json.close();
  announcer_.tell_user(user, json.take());
}

// ---- Whose work it is

Task<Result<void>> RoomDeletion::claim(Work& work) {
  Future<Expected<DocumentStore::PutResult, ErrorCode>> answer;
  store_.broker().documents().put(kDeletionCollection, work.room, work.version,
                                  DeletionRecord{work.by, store_.now()}.encode(), answer.setter());
  const DocumentStore::PutResult put = co_await ok(std::move(answer));
  if (!put.is_stored) co_return changed_meanwhile(true);
  work.version = put.current.version;
  co_return {};
}

Task<Result<void>> RoomDeletion::finish(Work& work) {
  Future<Expected<DocumentStore::PutResult, ErrorCode>> answer;
  store_.broker().documents().put(kDeletionCollection, work.room, work.version, "",
                                  answer.setter());
  (void)co_await ok(std::move(answer));
  co_return {};
}

}  // namespace chirm
