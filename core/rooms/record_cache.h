// SPDX-License-Identifier: MIT
#pragma once
// Records of one kind that this node has read lately, kept as they are in the store by what it
// tells of changes. For the records of records.h. Private to core/rooms.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "core/base/intrusive_list.h"
#include "core/base/string_hash.h"
#include "core/base/task.h"
#include "core/broker/document_store.h"
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
  const Entry* find(std::string_view collection, std::string_view id);

  Task<Result<Entry>> get(std::string collection, std::string id);
  // As it is in the store now, at least.
  Task<Result<Entry>> read(std::string collection, std::string id);

  // True when it was stored, false when the version was not the newest. An empty value removes.
  Task<Result<bool>> put(std::string collection, std::string id, std::uint64_t version,
                         std::string value);

  // The store tells. Returns what was known of it before, if anything was.
  std::optional<Entry> on_document(std::string_view collection, std::string_view id,
                                   const Document& document);
  void on_maybe_missed();

 private:
  struct UsedTag;
  struct Slot : ListHook<UsedTag> {
    std::string key;
    bool is_known = false;
    std::uint32_t calls = 0;  // of the store, under way
    std::uint64_t news = 0;   // another number after each change that was told
    Entry entry;
  };

  Slot& slot(std::string_view collection, std::string_view id);
  // What the store has answered to a call; `news` is from before it. What was told meanwhile is
  // newer, unless the versions say otherwise.
  static void learn(Slot& slot, std::uint64_t news, const Document& document);
  static void set(Slot& slot, const Document& document);

  DocumentStore& store_;
  const std::size_t size_max_;
  std::uint64_t news_ = 0;
  std::uint64_t generation_ = 0;       // grows when changes may not have been told
  IntrusiveList<Slot, UsedTag> used_;  // the least recently used first
  std::unordered_map<std::string, Slot, StringHash, std::equal_to<>> slots_;
};

}  // namespace chirm
