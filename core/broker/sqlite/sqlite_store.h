// SPDX-License-Identifier: MIT
#pragma once
// The embedded store's file, as SqliteBroker uses it: one object that writes, and one that reads
// beside it. All calls block; they are made on a worker thread, one at a time for each object.
// Private to core/broker.

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "core/base/error.h"
#include "core/broker/broker_settings.h"
#include "core/broker/sqlite/sqlite_clock.h"
#include "core/broker/sqlite/sqlite_database.h"
#include "core/broker/sqlite/sqlite_document_table.h"
#include "core/broker/sqlite/sqlite_log_reader.h"
#include "core/broker/sqlite/sqlite_log_writer.h"
#include "core/broker/sqlite/sqlite_search_index.h"
#include "core/broker/sqlite/sqlite_transaction.h"

namespace chirm {

class SqliteStoreWriter {
 public:
  // Opens or creates the database. Only one process can have it open for writing.
  [[nodiscard]] static Expected<std::unique_ptr<SqliteStoreWriter>, Error> open(
      const std::string& path, StoreSync sync);

  // The time at which the store starts, when the machine's clock says `unix_ms`; all times that the
  // calls below are given run on from there (sqlite_clock.h).
  std::int64_t start_ms(std::int64_t unix_ms) const { return clock_.start(unix_ms); }
  // Does all of it, in order, and fills in the results. On an error (disk full, file unwritable)
  // nothing is done. No caller is told before settle().
  [[nodiscard]] Expected<void, Error> write(SqliteTransaction& transaction,
                                            const BrokerSettings& settings, std::int64_t now_ms);
  // For after write() has failed: fills in the positions of the looks among these writes, as far as
  // their channels exist; all other positions are left without an epoch. Needs no room on the disk.
  void look(std::vector<SqliteWrite>& writes) { log_.look(writes); }
  // Writes something as large as a large message, and deletes it again: is there room?
  [[nodiscard]] Expected<void, Error> probe();
  // Brings a part of what a channel has got into the index; true when there is more.
  [[nodiscard]] Expected<bool, Error> index(const std::string& channel) {
    return index_.index(channel);
  }
  // Deletes what is older than the settings say, a bounded amount; true when there is more.
  [[nodiscard]] Expected<bool, Error> forget_old(const BrokerSettings& settings,
                                                 std::int64_t now_ms);
  // After all that was written: is it where it will be found again? When it is not, is_gone() says
  // whether the files are at fault, which were deleted or replaced.
  [[nodiscard]] Expected<void, Error> settle() { return database_->witness().settle(); }
  bool is_gone() { return database_->witness().is_gone(); }

 private:
  int begin();
  explicit SqliteStoreWriter(std::unique_ptr<SqliteDatabase> database);
  [[nodiscard]] Expected<void, Error> prepare();

  // Above what has statements of it, so that it outlives them.
  const std::unique_ptr<SqliteDatabase> database_;
  SqliteClock clock_;
  SqliteLogWriter log_;
  SqliteSearchIndex index_;
  SqliteDocumentTable documents_;
};

class SqliteStoreReader {
 public:
  // The file must exist.
  [[nodiscard]] static Expected<std::unique_ptr<SqliteStoreReader>, Error> open(
      const std::string& path);

  // Position and publications of one moment. The epoch is "" for a channel that does not exist.
  [[nodiscard]] Expected<History, Error> read(const SqliteRange& range) { return log_.read(range); }
  // Finds what is in the index, as Broker::search() does.
  [[nodiscard]] Expected<SearchResult, Error> search(const SqliteSearch& search) {
    return searcher_.search(search);
  }
  // What is in the file, without its free pages.
  [[nodiscard]] Expected<std::int64_t, Error> used_bytes();
  SqliteDocumentTable& documents() { return documents_; }

 private:
  explicit SqliteStoreReader(std::unique_ptr<SqliteDatabase> database);
  [[nodiscard]] Expected<void, Error> prepare();

  // As above.
  const std::unique_ptr<SqliteDatabase> database_;
  SqliteLogReader log_;
  SqliteSearcher searcher_;
  SqliteDocumentTable documents_;
};

}  // namespace chirm
