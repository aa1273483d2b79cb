// SPDX-License-Identifier: MIT
#pragma once
// What an embedded store is asked, as it goes to a worker thread and comes back with results.
// Private to core/broker.

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "core/broker/broker.h"

namespace chirm {

// Whether a commit waits for the disk (https://www.sqlite.org/pragma.html#pragma_synchronous).
enum class StoreSync : std::uint8_t {
  kFull,    // acked survives a power failure
  kNormal,  // acked survives the process, not a power failure; after one, epochs change
};

// A publish, or with an empty body a look at the channel's position, which makes the channel when
// there is none.
struct SqliteWrite {
  std::string channel;
  std::string body;
  std::string user;
  std::string message_id;
  // Results
  LogTop position;  // with ancestors for a look only
  bool is_repetition = false;
};

// Puts a document as DocumentStore::put() does, or with an empty id clears the collection.
struct SqliteDocumentChange {
  std::string collection;
  std::string id;
  std::uint64_t expected = 0;
  std::string value;
  // Results
  DocumentStore::PutResult result;
  bool is_change = false;
  std::uint64_t removed = 0;  // documents that were cleared
};

struct SqliteRewrite {  // a RewriteRequest
  std::string channel;
  std::uint64_t offset = 0;
  std::string epoch;
  std::string expected;
  std::string body;
  // Result
  Rewritten result = Rewritten::kGone;
};

// Written as one, in the order of the members.
struct SqliteTransaction {
  std::vector<SqliteWrite> writes = {};
  std::vector<SqliteRewrite> rewrites = {};
  std::vector<SqliteDocumentChange> documents = {};

  bool is_empty() const { return size() == 0; }
  std::size_t size() const { return writes.size() + rewrites.size() + documents.size(); }
};

struct SqliteRange {  // a HistoryRequest
  std::string channel;
  std::uint64_t since;
  std::uint32_t limit;
  bool reverse;
  std::size_t bytes_max = SIZE_MAX;
};

struct SqliteSearch {  // a SearchRequest
  std::string channel;
  std::vector<std::string> words;  // of folded_words(); at least one
  std::uint64_t before;
  std::size_t limit;  // at least 1
};

}  // namespace chirm
