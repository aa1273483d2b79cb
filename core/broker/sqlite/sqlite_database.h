// SPDX-License-Identifier: MIT
#pragma once
// An open SQLite database in WAL mode, with the schema of an embedded store:
//
//   channel      id, name, epoch, touched (see SqliteChannelTable::Row)
//   ancestor     channel, number → epoch, offset (position.h); the newest has the highest number
//   publication  channel, offset → body; "" of a newest one whose time is over
//   message      stored (the store's time), channel, offset, user, id: what makes a retry
//                recognisable, also after a restart
//   document     version, collection, id, value
//   search, searched  the full-text index (sqlite_search_index.h)
//   setting      name → value: which boot of the machine wrote last; the store's time
//                (SqliteClock); and the life, a name that changes whenever the file may have lost
//                something (sqlite_witness.h)
//
// All calls block. Private to core/broker; used by one thread at a time.

#include <sqlite3.h>

#include <cstdint>
#include <initializer_list>
#include <memory>
#include <string>

#include "core/base/error.h"
#include "core/broker/sqlite/sqlite_statement.h"
#include "core/broker/sqlite/sqlite_transaction.h"
#include "core/broker/sqlite/sqlite_witness.h"
#include "protocol/expected.h"

namespace chirm {

class SqliteDatabase {
 public:
  // Opens or creates the database. Only one process can have it open for writing.
  [[nodiscard]] static Expected<std::unique_ptr<SqliteDatabase>, Error> open_for_writing(
      const std::string& path);
  // Once, when SqliteOpening has brought it into use: from here on there are transactions.
  [[nodiscard]] Expected<void, Error> begin_writing();
  // A second connection, for reading beside the writer. The file must exist.
  [[nodiscard]] static Expected<std::unique_ptr<SqliteDatabase>, Error> open_for_reading(
      const std::string& path);
  ~SqliteDatabase();
  SqliteDatabase(const SqliteDatabase&) = delete;
  SqliteDatabase& operator=(const SqliteDatabase&) = delete;

  // The body of one publication, for parts that look at a log by themselves: channel, offset.
  static constexpr const char* kFindPublication =
      "SELECT body FROM publication WHERE channel = ? AND offset = ? AND body <> ''";

  struct Prepared {
    SqliteStatement& statement;
    const char* sql;
  };
  // The database must outlive the statements.
  [[nodiscard]] Expected<void, Error> prepare(std::initializer_list<Prepared> all);

  // Runs SQL that answers nothing. `what` failed, should it fail.
  [[nodiscard]] Expected<void, Error> run(const char* sql, const char* what);
  // The number that a query answers.
  [[nodiscard]] Expected<std::int64_t, Error> ask(const std::string& sql);
  // The text that it answers; "" when it has no row.
  [[nodiscard]] Expected<std::string, Error> ask_text(const std::string& sql);
  // Whether it is in the log; true for none.
  [[nodiscard]] Expected<bool, Error> has_publication(const SqliteNewest& one);

  // For opening: closes the connection, which has no statements, or opens it again.
  void close() { database_.reset(); }
  [[nodiscard]] Expected<void, Error> reopen() { return open(SQLITE_OPEN_READWRITE); }
  // Whether closing the last connection writes the -wal into the database; it does at first.
  void set_checkpoint_on_close(bool is_on);

  // Of a transaction. SQLITE_DONE or what went wrong.
  int begin() { return begin_.bind().step(); }
  int commit() { return commit_.bind().step(); }
  // Ends a transaction that failed, unless SQLite has done so itself, as it does after some errors.
  void roll_back();

  std::int64_t last_row() const { return sqlite3_last_insert_rowid(database_.get()); }
  // Of the last statement.
  std::int64_t changes() const { return sqlite3_changes(database_.get()); }

  // Whether somebody else has written into the database since the last call. Within a transaction.
  [[nodiscard]] bool was_changed_by_others();
  // Of a database that is open for writing.
  SqliteWitness& witness() { return *witness_; }
  // As the operator gave it.
  const std::string& path() const { return path_; }

  // What failed, and why by SQLite's words: to be called before anything else is done with it.
  Error error(const std::string& what) const;

 private:
  explicit SqliteDatabase(std::string path) : path_(std::move(path)) {}

  [[nodiscard]] Expected<void, Error> open(int flags);
  [[nodiscard]] Expected<void, Error> take_witness();
  void watch_commits();
  static int on_commit_cb(void* self, sqlite3* database, const char* name, int frames);

  struct Close {
    void operator()(sqlite3* opened) const { sqlite3_close(opened); }
  };

  const std::string path_;
  std::unique_ptr<SqliteWitness> witness_;  // of a writer; goes when the database is closed
  std::unique_ptr<sqlite3, Close> database_;
  SqliteStatement begin_, commit_, rollback_;  // behind the database, so that they go before it
  SqliteStatement read_version_;               // of the data, for was_changed_by_others()
  std::int64_t data_version_ = 0;
};

}  // namespace chirm
