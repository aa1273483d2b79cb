// SPDX-License-Identifier: MIT
#pragma once
// Small documents that all nodes share: accounts, rooms, read marks. A document has an id within a
// collection, a value (text, usually JSON) and a version, which each change makes larger. All calls
// are on the loop's thread, and no call calls back before it has returned.
//
// Nothing is cached here. Changes are told to every node, at least as long as its links hold; who
// keeps a copy reads it again after on_maybe_missed().

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "protocol/codes.h"
#include "protocol/expected.h"

namespace chirm {

struct Document {
  std::uint64_t version = 0;  // 0: there is none. Below 2^53, and never given twice for one id
  std::string value;
};

struct NamedDocument {
  std::string id;
  Document document;
};

class DocumentListener {
 public:
  // A document was changed, by any node, this one included; version 0: removed. Changes of one
  // document are told in their order, though some may be lost.
  virtual void on_document(std::string_view collection, std::string_view id,
                           const Document& document) = 0;
  // Changes may not have been told: read again what is kept.
  virtual void on_documents_maybe_missed() = 0;

 protected:
  ~DocumentListener() = default;
};

class DocumentStore {
 public:
  template <class T>
  using Callback = std::function<void(Expected<T, ErrorCode>)>;

  static constexpr std::size_t kNameBytes = 512;         // of a collection or an id
  static constexpr std::size_t kValueBytes = 64 * 1024;  // of a document
  static constexpr std::uint32_t kListMax = 1000;        // documents in one answer

  virtual ~DocumentStore() = default;

  // The listener must outlive the store, or remove itself.
  virtual void add_listener(DocumentListener& listener) = 0;
  virtual void remove_listener(DocumentListener& listener) = 0;

  // All of these can fail with kInternal (temporary), when the store is away for longer than
  // commands are held, and with kBadRequest for a name or a value of a size that is not allowed.

  virtual void get(std::string_view collection, std::string_view id, Callback<Document> done) = 0;

  // Compare-and-set: stores `value`, or removes the document when that is empty, if the document's
  // version is `expected` (0: there is none). A put that failed with kInternal may have been done.
  struct PutResult {
    bool is_stored = false;
    Document current;  // as it is now: what was stored, or what was in the way
  };
  virtual void put(std::string_view collection, std::string_view id, std::uint64_t expected,
                   std::string_view value, Callback<PutResult> done) = 0;

  // The documents of a collection in the byte order of their ids, behind `after` (exclusive), at
  // most limit (<= kListMax).
  struct ListRequest {
    std::string_view collection;
    std::string_view after;
    std::uint32_t limit = kListMax;
  };
  virtual void list(const ListRequest& request, Callback<std::vector<NamedDocument>> done) = 0;

  virtual void count(std::string_view collection, Callback<std::uint64_t> done) = 0;

  // Removes all documents of a collection; listeners are not told. Says how many there were.
  virtual void clear(std::string_view collection, Callback<std::uint64_t> done) = 0;
};

}  // namespace chirm
