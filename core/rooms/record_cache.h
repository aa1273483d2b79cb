// SPDX-License-Identifier: MIT
#pragma once
// This node's copies of documents of one kind of record (records.h): those that were asked for
// lately, kept as they are in the store by what the store tells of changes. On the loop's thread.
// Private to core/rooms.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "core/base/intrusive_list.h"
#include "core/base/string_hash.h"
#include "core/base/task.h"
#include "core/base/turn_slice.h"
#include "core/broker/document_store.h"
#include "core/rooms/rules/room_errors.h"

namespace chirm {

// A copy of a document, decoded.
template <class Record>
struct Kept {
  std::uint64_t version = 0;  // 0: there is no document, and the record is the default
  Record record = {};

  bool exists() const { return version != 0; }
};

template <class Record>
class RecordCache {
 public:
  using Entry = Kept<Record>;

  // The store must outlive the cache. At most `size_max` (> 0) copies are kept, and those that
  // calls are under way for.
  explicit RecordCache(DocumentStore& store, std::size_t size_max = 100'000);

  // nullptr: not known here. Valid until the next call of the cache.
  const Entry* find(std::string_view collection, std::string_view id);

  // Errors of all three: kInternal, when the store is away. The names of collections and ids have
  // no line breaks.

  // What find() finds, or else what is in the store; then find() finds it.
  Task<Result<Entry>> get(std::string collection, std::string id);
  // What is in the store, no older than this call.
  Task<Result<Entry>> read(std::string collection, std::string id);
  // Compare-and-set: stores `value` if the document's version is `version` (0: there is none); an
  // empty value removes it. False: the version was another one, and nothing was stored.
  Task<Result<bool>> put(std::string collection, std::string id, std::uint64_t version,
                         std::string value);

  // The store tells of a change (DocumentListener). Returns the copy there was, if there was one.
  std::optional<Entry> on_document(std::string_view collection, std::string_view id,
                                   const Document& document);
  // Changes may not have been told: forgets all copies.
  void on_maybe_missed();

  std::size_t size() const { return slots_.size(); }
  // Ends the process where an invariant does not hold. Looks at some slots each time it is called,
  // and goes round.
  void check() const;

 private:
  struct UsedTag;
  // Where a copy is put. On `used_` always.
  struct Slot : ListHook<UsedTag> {
    std::string key;
    bool is_known = false;    // true exactly when `entry` is a copy
    std::uint32_t calls = 0;  // of the store, for it, that were begun in this generation
    std::uint64_t news = 0;   // another number after each change that was told
    Entry entry;
  };

  // The slot of the document, made if there is none, as the one used last.
  Slot& slot(std::string_view collection, std::string_view id);
  Slot& end_call(std::uint64_t generation, std::string_view collection, std::string_view id);
  // Takes the store's answer to a call. `news` is the slot's from before the call.
  static void learn(Slot& slot, std::uint64_t news, const Document& document);
  static void set(Slot& slot, const Document& document);

  DocumentStore& store_;
  const std::size_t size_max_;
  std::uint64_t news_ = 0;
  std::uint64_t generation_ = 0;       // of copies: another number after each on_maybe_missed()
  IntrusiveList<Slot, UsedTag> used_;  // the least recently used first
  std::unordered_map<std::string, Slot, StringHash, std::equal_to<>> slots_;  // by key
  mutable TurnSlice checked_;
};

}  // namespace chirm
