// SPDX-License-Identifier: MIT
#include "core/rooms/record_cache.h"

#include <utility>

#include "core/rooms/records.h"

namespace chirm {

namespace {

constexpr int kRounds = 3;

// Control characters are in no name.
std::string key_of(std::string_view collection, std::string_view id) {
  std::string key(collection);
  key.append(1, '\n').append(id);
  return key;
}

}  // namespace

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
    Slot& its_slot = slot(collection, id);
    if (its_slot.calls > 0) --its_slot.calls;
    if (!document) co_return Unexpected<RpcError>(RpcError(document.error()));
    if (generation != generation_) continue;  // changes since then may not have been told
    learn(its_slot, news, *document);
    if (its_slot.is_known) co_return its_slot.entry;
  }
  co_return Unexpected<RpcError>(RpcError(errors::kInternal));
}

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
  Slot& its_slot = slot(collection, id);
  if (its_slot.calls > 0) --its_slot.calls;
  if (!result) co_return Unexpected<RpcError>(RpcError(result.error()));
  if (generation == generation_) learn(its_slot, news, result->current);
  co_return result->is_stored;
}

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

template class RecordCache<RoomRecord>;
template class RecordCache<MemberRecord>;
template class RecordCache<ListRecord>;
template class RecordCache<MarkRecord>;
template class RecordCache<PersonRecord>;

}  // namespace chirm
