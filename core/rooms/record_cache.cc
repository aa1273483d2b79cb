// SPDX-License-Identifier: MIT
#include "core/rooms/record_cache.h"

#include <utility>

#include "core/base/check.h"
#include "core/rooms/rules/records.h"

namespace chirm {

namespace {

constexpr int kRounds = 3;

// A line break is in no name, so that two documents never have the same key.
std::string key_of(std::string_view collection, std::string_view id) {
  std::string key(collection);
  key.append(1, '\n').append(id);
  return key;
}

}  // namespace

template <class Record>
RecordCache<Record>::RecordCache(DocumentStore& store, std::size_t size_max)
    : store_(store), size_max_(size_max) {
  CHIRM_CHECK(size_max > 0);
}

template <class Record>
auto RecordCache<Record>::find(std::string_view collection, std::string_view id) -> const Entry* {
  const auto found = slots_.find(key_of(collection, id));
  if (found == slots_.end() || !found->second.is_known) return nullptr;
  used_.push_back(found->second);
  return &found->second.entry;
}

template <class Record>
auto RecordCache<Record>::get(std::string collection, std::string id) -> Task<Result<Entry>> {
  if (const Entry* entry = find(collection, id)) co_return *entry;
  co_return co_await read(std::move(collection), std::move(id));
}

// The answer counts only if no change can have been missed since the question, or else the copy
// could stay outdated for good. It also has to agree with what was told meanwhile on whether there
// is a document: where it does not, one of them is late, and no version says which. Then the store
// is asked again, but not for ever, for a link that goes up and down would keep us here.
template <class Record>
auto RecordCache<Record>::read(std::string collection, std::string id) -> Task<Result<Entry>> {
  for (int round = 0; round < kRounds; ++round) {
    const std::uint64_t generation = generation_;
    Future<Expected<Document, ErrorCode>> future;
    Slot& slot_before = slot(collection, id);
    ++slot_before.calls;
    const std::uint64_t news = slot_before.news;
    store_.get(collection, id, future.setter());
    const auto document = co_await future;
    Slot& its_slot = end_call(generation, collection, id);
    if (!document) co_return Unexpected<RpcError>(RpcError(document.error()));
    if (generation != generation_) continue;
    learn(its_slot, news, *document);
    if (its_slot.entry.exists() == (document->version != 0)) co_return its_slot.entry;
  }
  co_return internal_error();
}

// What the store answers is a copy as good as one that was read, whether it was stored or not: the
// caller's next attempt need not ask.
template <class Record>
Task<Result<bool>> RecordCache<Record>::put(std::string collection, std::string id,
                                            std::uint64_t version, std::string value) {
  const std::uint64_t generation = generation_;
  Future<Expected<DocumentStore::PutResult, ErrorCode>> future;
  Slot& slot_before = slot(collection, id);
  ++slot_before.calls;
  const std::uint64_t news = slot_before.news;
  store_.put(collection, id, version, value, future.setter());
  const auto result = co_await future;
  Slot& its_slot = end_call(generation, collection, id);
  if (!result) co_return Unexpected<RpcError>(RpcError(result.error()));
  if (generation == generation_) learn(its_slot, news, result->current);
  co_return result->is_stored;
}

// Changes are told in order, or not at all; so a version below that of the copy comes from before
// an answer that was quicker. A removal has no version, and is always taken: at worst the copy says
// "none" until the change that followed is told.
template <class Record>
auto RecordCache<Record>::on_document(std::string_view collection, std::string_view id,
                                      const Document& document) -> std::optional<Entry> {
  const auto found = slots_.find(key_of(collection, id));
  if (found == slots_.end()) return std::nullopt;
  Slot& its_slot = found->second;
  std::optional<Entry> before;
  if (its_slot.is_known) before = its_slot.entry;
  its_slot.news = ++news_;
  if (document.version == 0 || document.version >= its_slot.entry.version) {
    set(its_slot, document);
  }
  return before;
}

template <class Record>
void RecordCache<Record>::on_maybe_missed() {
  ++generation_;
  slots_.clear();
}

// A slot that a call is under way for is not dropped: it counts the changes that are told until the
// answer comes. The slot that is asked for stays too, as the caller is about to use it.
template <class Record>
auto RecordCache<Record>::slot(std::string_view collection, std::string_view id) -> Slot& {
  std::string key = key_of(collection, id);
  Slot& found = slots_[key];
  if (found.key.empty()) {
    found.key = std::move(key);
    found.news = ++news_;
  }
  used_.push_back(found);
  while (slots_.size() > size_max_ && used_.front()->calls == 0 && used_.front() != &found) {
    slots_.erase(std::string(used_.front()->key));
  }
  return found;
}

// The slot of a call that was begun in that generation; a new one, if all were forgotten meanwhile.
template <class Record>
auto RecordCache<Record>::end_call(std::uint64_t generation, std::string_view collection,
                                   std::string_view id) -> Slot& {
  Slot& found = slot(collection, id);
  if (generation != generation_) return found;
  CHIRM_CHECK(found.calls > 0, found.key);
  --found.calls;
  return found;
}

// If nothing was told since the call, the answer is the newest there is. If something was, only a
// higher version proves the answer newer than that; after a removal there is no version to compare
// with, and the removal stands.
template <class Record>
void RecordCache<Record>::learn(Slot& slot, std::uint64_t news, const Document& document) {
  const bool is_newer = slot.entry.exists() && document.version > slot.entry.version;
  if (slot.news == news || is_newer) set(slot, document);
}

template <class Record>
void RecordCache<Record>::set(Slot& slot, const Document& document) {
  slot.is_known = true;
  slot.entry = {document.version, {}};
  if (document.version != 0) slot.entry.record = Record::decode(document.value);
}

template <class Record>
void RecordCache<Record>::check() const {
  CHIRM_CHECK(slots_.empty() == used_.empty(), slots_.size());
  checked_.visit(slots_, [this](const auto& one) {
    const auto& [key, slot] = one;
    CHIRM_CHECK(slot.key == key, slot.key, key);
    CHIRM_CHECK(slot.is_linked(), key);
    CHIRM_CHECK(slot.is_known || !slot.entry.exists(), key, slot.entry.version);
    CHIRM_CHECK(slot.news != 0 && slot.news <= news_, key, slot.news, news_);
  });
}

template class RecordCache<RoomRecord>;
template class RecordCache<MemberRecord>;
template class RecordCache<ListRecord>;
template class RecordCache<MarkRecord>;
template class RecordCache<PersonRecord>;
template class RecordCache<ContactRecord>;

}  // namespace chirm
