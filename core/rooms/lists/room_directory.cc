// SPDX-License-Identifier: MIT
#include "core/rooms/lists/room_directory.h"

#include <utility>

#include "core/base/check.h"
#include "protocol/ascii.h"

namespace chirm {

namespace {

constexpr std::uint64_t kRetryMs = 1000;
// Says that all rooms are counted as their owners' (records.h, `owned`): earlier versions did
// not count them.
constexpr const char* kUpgradeCollection = "upgrade";
constexpr const char* kOwnedUpgrade = "owned";

}  // namespace

RoomDirectory::RoomDirectory(Loop& loop, RoomStore& store, TaskScope& scope)
    : store_(store), scope_(scope), timer_(loop, [this] { fill(); }) {
  store_.broker().documents().add_listener(*this);
  timer_.start(0);
}

RoomDirectory::~RoomDirectory() { store_.broker().documents().remove_listener(*this); }

// ---- Filling

void RoomDirectory::fill() {
  if (is_filling_) {
    is_outdated_ = true;
    return;
  }
  is_filling_ = true;
  is_outdated_ = false;
  scope_.start(read_all(), [this](bool is_done) {
    is_filling_ = false;
    told_.clear();
    is_whole_ = is_whole_ || is_done;
    if (!is_done) return timer_.start(kRetryMs);
    // What was missed while it was read is read again. Nobody waits for that: what is found is
    // looked up before it is shown.
    if (is_outdated_) timer_.start(kRetryMs);
  });
}

// A page is asked for when the one before it is here, so that nobody else's questions wait long.
Task<bool> RoomDirectory::read_all() {
  Future<Expected<Document, ErrorCode>> upgraded;
  store_.broker().documents().get(kUpgradeCollection, kOwnedUpgrade, upgraded.setter());
  const auto upgrade = co_await upgraded;
  if (!upgrade) co_return false;
  std::string after;
  std::size_t size = 0;
  do {
    const auto page = co_await store_.list(kRoomCollection, after, DocumentStore::kListMax);
    if (!page) co_return false;
    take_page(after, *page);
    if (upgrade->version == 0) {
      const auto counted = co_await count_owned(*page);
      if (!counted) co_return false;
    }
    size = page->size();
    if (size > 0) after = page->back().id;
  } while (size == DocumentStore::kListMax);
  if (upgrade->version == 0) {
    Future<Expected<DocumentStore::PutResult, ErrorCode>> noted;
    store_.broker().documents().put(kUpgradeCollection, kOwnedUpgrade, 0, "1", noted.setter());
    (void)co_await noted;  // if this fails it is done again at the next start
  }
  co_return true;
}

Task<Result<void>> RoomDirectory::count_owned(std::vector<NamedDocument> rooms) {
  for (const NamedDocument& one : rooms) {
    const RoomRecord record = RoomRecord::decode(one.document.value);
    if (record.owner.empty() || record.is_deleted) continue;
    co_await ok(store_.mark(owned_by(record.owner), one.id, true));
  }
  co_return {};
}

// Between `after` and its last room, or the end, the page says which rooms there are. What was told
// meanwhile is newer.
void RoomDirectory::take_page(const std::string& after, const std::vector<NamedDocument>& page) {
  const bool is_last = page.size() < DocumentStore::kListMax;
  auto known = rooms_.upper_bound(after);
  const auto skip_to = [&](const std::string* room) {
    while (known != rooms_.end() && (room == nullptr || known->first < *room)) {
      known = told_.contains(known->first) ? std::next(known) : rooms_.erase(known);
    }
  };
  for (const NamedDocument& one : page) {
    skip_to(&one.id);
    if (known != rooms_.end() && known->first == one.id) ++known;
    if (!told_.contains(one.id)) set(one.id, one.document);
  }
  if (is_last) skip_to(nullptr);
}

void RoomDirectory::set(std::string_view room, const Document& document) {
  const RoomRecord record = RoomRecord::decode(document.value);
  if (document.version == 0 || record.is_deleted) {
    const auto found = rooms_.find(room);
    if (found != rooms_.end()) rooms_.erase(found);
    return;
  }
  std::string title = ascii::to_lower(record.title);
  if (room.find(title) != std::string_view::npos) title.clear();
  title.shrink_to_fit();
  rooms_.insert_or_assign(std::string(room),
                          Entry{std::move(title), record.is_public && !record.is_archived});
}

// ---- Changes

// Changes of one room are told in their order; so a removal that is late is followed by what made
// the room anew.
void RoomDirectory::on_document(std::string_view collection, std::string_view id,
                                const Document& document) {
  if (collection != kRoomCollection) return;
  if (is_filling_) told_.emplace(id);
  set(id, document);
}

void RoomDirectory::on_documents_maybe_missed() {
  if (is_filling_) is_outdated_ = true;
  if (!is_filling_) timer_.start(0);
}

// ---- Looking

RoomDirectory::Found RoomDirectory::find(
    std::string_view query, std::string_view after, std::size_t limit,
    const std::function<bool(std::string_view room)>& is_theirs) const {
  const std::string wanted = ascii::to_lower(query);
  Found found;
  found.after = after;
  std::size_t looks = 0;
  for (auto it = rooms_.upper_bound(after); it != rooms_.end(); ++it) {
    if (looks++ == kLooksMax || found.rooms.size() == limit) {
      found.is_more = true;
      return found;
    }
    const auto& [room, entry] = *it;
    found.after = room;
    const bool is_match = wanted.empty() || room.find(wanted) != std::string::npos ||
                          entry.title.find(wanted) != std::string::npos;
    if (is_match && (entry.is_listed || is_theirs(room))) found.rooms.push_back(room);
  }
  return found;
}

void RoomDirectory::check() const { CHIRM_CHECK(is_filling_ || told_.empty(), told_.size()); }

}  // namespace chirm
