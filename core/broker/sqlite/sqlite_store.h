// SPDX-License-Identifier: MIT
#pragma once
// The embedded store's file: an SQLite database in WAL mode. All calls block; SqliteBroker makes
// them on a worker thread, one at a time for each object. Private to core/broker.
//
//   channel      id, name, epoch, touched (Unix ms)
//   publication  channel, offset → body
//   message      stored (Unix ms), channel, offset, user, id: what makes a retry recognisable, also
//                after a restart
//   document     version, collection, id, value
//   search, searched  the full-text index (sqlite_store_search.cc)

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/error.h"
#include "core/base/random.h"
#include "core/broker/broker.h"
#include "core/broker/broker_settings.h"

namespace chirm {

// Whether a commit waits for the disk (https://www.sqlite.org/pragma.html#pragma_synchronous).
enum class StoreSync : std::uint8_t {
  kFull,    // acked survives a power failure
  kNormal,  // acked survives the process, not a power failure; after one, epochs change
};

class SqliteStore {
 public:
  struct Write {  // a publish, or with an empty body a look at the channel's position
    std::string channel;
    std::string body;
    std::string user;
    std::string message_id;
    // Results
    Position position;
    bool is_repetition = false;
  };
  // Puts a document as DocumentStore::put() does, or with an empty id clears the collection.
  struct DocumentChange {
    std::string collection;
    std::string id;
    std::uint64_t expected = 0;
    std::string value;
    // Results
    DocumentStore::PutResult result;
    bool is_change = false;
    std::uint64_t removed = 0;  // documents that were cleared
  };
  struct Rewrite {  // a RewriteRequest
    std::string channel;
    std::uint64_t offset = 0;
    std::string epoch;
    std::string expected;
    std::string body;
    Rewritten result = Rewritten::kGone;
  };
  struct Transaction {
    std::vector<Write> writes = {};
    std::vector<Rewrite> rewrites = {};
    std::vector<DocumentChange> documents = {};

    bool is_empty() const { return writes.empty() && rewrites.empty() && documents.empty(); }
  };

  // Opens or creates the database. Only one process can have it open for writing.
  [[nodiscard]] static Expected<std::unique_ptr<SqliteStore>, Error> open_for_writing(
      const std::string& path, StoreSync sync);
  // A second connection, for reading beside the writer. The file must exist.
  [[nodiscard]] static Expected<std::unique_ptr<SqliteStore>, Error> open_for_reading(
      const std::string& path);
  ~SqliteStore();
  SqliteStore(const SqliteStore&) = delete;
  SqliteStore& operator=(const SqliteStore&) = delete;

  // Does all of it, in order, and fills in the results. On an error (disk full, file unwritable)
  // nothing is done.
  [[nodiscard]] Expected<void, Error> write(Transaction& transaction,
                                            const BrokerSettings& settings, std::int64_t now_ms);
  // For after write() has failed: fills in the positions of the looks among these writes, as far as
  // their channels exist; all other positions are left without an epoch. Needs no room on the disk.
  void look(std::vector<Write>& writes);
  // Writes something as large as a large message, and deletes it again: is there room?
  [[nodiscard]] Expected<void, Error> probe();
  // Deletes what is older than the settings say, a bounded amount; true when there is more.
  [[nodiscard]] Expected<bool, Error> forget_old(const BrokerSettings& settings,
                                                 std::int64_t now_ms);
  // Position and publications of one moment. The epoch is "" for a channel that does not exist.
  struct Range {
    std::string channel;
    std::uint64_t since;
    std::uint32_t limit;
    bool reverse;
    std::size_t bytes_max = SIZE_MAX;
  };
  [[nodiscard]] Expected<History, Error> read(const Range& range);

  // Brings a part of what a channel has got into the index; true when there is more.
  [[nodiscard]] Expected<bool, Error> index(const std::string& channel);
  // Finds what is in the index, as Broker::search() does.
  struct Search {
    std::string channel;
    std::vector<std::string> words;  // of folded_words(); at least one
    std::uint64_t before;
    std::size_t limit;  // at least 1
  };
  [[nodiscard]] Expected<SearchResult, Error> search(const Search& search);

  // As DocumentStore has them.
  [[nodiscard]] Expected<Document, Error> document(const std::string& collection,
                                                   const std::string& id);
  [[nodiscard]] Expected<std::vector<NamedDocument>, Error> list(const std::string& collection,
                                                                 const std::string& after,
                                                                 std::uint32_t limit);
  [[nodiscard]] Expected<std::uint64_t, Error> count(const std::string& collection);

 private:
  struct Impl;
  explicit SqliteStore(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace chirm
