// SPDX-License-Identifier: MIT
#pragma once
// Records of one kind that this node has read lately, kept as they are in the store by what it
// tells of changes. Private to core/rooms.

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>

#include "core/base/intrusive_list.h"
#include "core/base/task.h"
#include "core/broker/document_store.h"
#include "core/broker/string_hash.h"
#include "core/chat/rpc.h"

namespace chirm {

template <class T>
using Result = Expected<T, RpcError>;

template <class Record>
struct Kept {
  std::uint64_t version = 0;  // 0: there is none, and the record is the default
  Record record = {};

  bool exists() const { return version != 0; }
};

template <class Record>
class RecordCache {
 public:
  using Entry = Kept<Record>;

  // The store must outlive the cache. Keeps at most so many records.
  explicit RecordCache(DocumentStore& store, std::size_t size_max = 100'000)
      : store_(store), size_max_(size_max) {}

  // Null when it is not known here. Valid until the next call.
  const Entry* find(std::string_view collection, std::string_view id) {
    const auto found = slots_.find(key_of(collection, id));
    if (found == slots_.end() || !found->second.is_known) return nullptr;
    used_.push_back(found->second);
    return &found->second.entry;
  }

  Task<Result<Entry>> get(std::string collection, std::string id) {
    if (const Entry* entry = find(collection, id)) co_return *entry;
    co_return co_await read(std::move(collection), std::move(id));
  }

  // As it is in the store now, at least.
  Task<Result<Entry>> read(std::string collection, std::string id) {
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

  // True when it was stored, false when the version was not the newest. An empty value removes.
  Task<Result<bool>> put(std::string collection, std::string id, std::uint64_t version,
                         std::string value) {
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

  // The store tells. Returns what was known of it before, if anything was.
  std::optional<Entry> on_document(std::string_view collection, std::string_view id,
                                   const Document& document) {
    const auto found = slots_.find(key_of(collection, id));
    if (found == slots_.end()) return std::nullopt;
    Slot& its_slot = found->second;
    std::optional<Entry> before;
    if (its_slot.is_known) before = its_slot.entry;
    its_slot.news = ++news_;
    if (document.version == 0 || document.version >= its_slot.entry.version)
      set(its_slot, document);
    return before;
  }
  void on_maybe_missed() {
    ++generation_;
    slots_.clear();
  }

 private:
  static constexpr int kRounds = 3;
  struct UsedTag;
  struct Slot : ListHook<UsedTag> {
    std::string key;
    bool is_known = false;
    std::uint32_t calls = 0;  // of the store, under way
    std::uint64_t news = 0;   // another number after each change that was told
    Entry entry;
  };

  // Control characters are in no name.
  static std::string key_of(std::string_view collection, std::string_view id) {
    std::string key(collection);
    key.append(1, '\n').append(id);
    return key;
  }

  Slot& slot(std::string_view collection, std::string_view id) {
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

  // What the store has answered to a call; `news` is from before it. What was told meanwhile is
  // newer, unless the versions say otherwise.
  static void learn(Slot& slot, std::uint64_t news, const Document& document) {
    const bool is_newer = slot.entry.exists() && document.version > slot.entry.version;
    if (slot.news == news || is_newer) set(slot, document);
  }
  static void set(Slot& slot, const Document& document) {
    slot.is_known = true;
    slot.entry = {document.version, {}};
    if (document.version != 0) slot.entry.record = Record::decode(document.value);
  }

  DocumentStore& store_;
  const std::size_t size_max_;
  std::uint64_t news_ = 0;
  std::uint64_t generation_ = 0;       // grows when changes may not have been told
  IntrusiveList<Slot, UsedTag> used_;  // the least recently used first
  std::unordered_map<std::string, Slot, StringHash, std::equal_to<>> slots_;
};

}  // namespace chirm
