// SPDX-License-Identifier: MIT
#include "core/broker/sqlite/sqlite_database.h"

#include <utility>

namespace chirm {

namespace {
// Pages in the -wal from which on they are written into the database after a commit: SQLite's own
// default. What is not, yet, is read again at each start after a kill.
constexpr int kCheckpointFrames = 1000;
}  // namespace

// Opening does not touch a file that is there already. The lock comes before all that does.
Expected<std::unique_ptr<SqliteDatabase>, Error> SqliteDatabase::open_for_writing(
    const std::string& path) {
  std::unique_ptr<SqliteDatabase> database(new SqliteDatabase(path));
  auto done = database->open(SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE);
  if (done) done = database->take_witness();
  if (!done) return Unexpected<Error>(done.error());
  return database;
}

Expected<void, Error> SqliteDatabase::begin_writing() {
  const auto done = prepare({{begin_, "BEGIN IMMEDIATE"},
                             {commit_, "COMMIT"},
                             {rollback_, "ROLLBACK"},
                             {read_version_, "PRAGMA data_version"}});
  if (done) watch_commits();
  return done;
}

Expected<std::unique_ptr<SqliteDatabase>, Error> SqliteDatabase::open_for_reading(
    const std::string& path) {
  std::unique_ptr<SqliteDatabase> database(new SqliteDatabase(path));
  auto done = database->open(SQLITE_OPEN_READONLY);
  if (done) {
    done = database->prepare({{database->begin_, "BEGIN"},
                              {database->commit_, "COMMIT"},
                              {database->rollback_, "ROLLBACK"}});
  }
  if (!done) return Unexpected<Error>(done.error());
  return database;
}

// What is left to be written into the file is written when the connection is closed.
SqliteDatabase::~SqliteDatabase() {
  if (witness_) witness_->begin_checkpoint();
}

// SQLite has resolved symbolic links, and keeps its -wal beside the file that it has found so. The
// file that we look at by its name must be the one that it has open.
Expected<void, Error> SqliteDatabase::take_witness() {
  auto witness = SqliteWitness::take(path_, sqlite3_db_filename(database_.get(), "main"));
  if (!witness) return Unexpected<Error>(witness.error());
  int is_moved = 0;
  const int rc = sqlite3_file_control(database_.get(), "main", SQLITE_FCNTL_HAS_MOVED, &is_moved);
  if (rc != SQLITE_OK || is_moved != 0) {
    return Unexpected<Error>(Error{path_ + " was replaced while it was opened"});
  }
  witness_ = std::move(*witness);
  return {};
}

Expected<void, Error> SqliteDatabase::open(int flags) {
  sqlite3* opened = nullptr;
  const int rc = sqlite3_open_v2(path_.c_str(), &opened, flags | SQLITE_OPEN_NOMUTEX, nullptr);
  database_.reset(opened);
  // The handle is kept also when opening failed: it has the reason, and must be closed.
  if (rc != SQLITE_OK) return Unexpected<Error>(error("cannot be opened"));
  sqlite3_busy_timeout(opened, 1000);  // a checkpoint can hold a reader up for moments
  return {};
}

void SqliteDatabase::set_checkpoint_on_close(bool is_on) {
  // It cannot fail for an open database.
  (void)sqlite3_db_config(database_.get(), SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, is_on ? 0 : 1,
                          nullptr);
}

// In the place of SQLite's own hook, so that the witness knows when the file changes.
void SqliteDatabase::watch_commits() { sqlite3_wal_hook(database_.get(), on_commit_cb, this); }

int SqliteDatabase::on_commit_cb(void* self, sqlite3* database, const char* name, int frames) {
  if (frames < kCheckpointFrames) return SQLITE_OK;
  static_cast<SqliteDatabase*>(self)->witness_->begin_checkpoint();
  // As far as readers let it. What fails is tried again after the next commit, which is not to be
  // blamed for it.
  (void)sqlite3_wal_checkpoint_v2(database, name, SQLITE_CHECKPOINT_PASSIVE, nullptr, nullptr);
  return SQLITE_OK;
}

bool SqliteDatabase::was_changed_by_others() {
  std::int64_t version = data_version_;
  if (read_version_.bind().step() == SQLITE_ROW) version = read_version_.number(0);
  read_version_.reset();
  return std::exchange(data_version_, version) != version;
}

Expected<void, Error> SqliteDatabase::prepare(std::initializer_list<Prepared> all) {
  for (const Prepared& one : all) {
    if (one.statement.prepare(database_.get(), one.sql) != SQLITE_OK) {
      return Unexpected<Error>(error("cannot be used"));
    }
  }
  return {};
}

Expected<void, Error> SqliteDatabase::run(const char* sql, const char* what) {
  if (sqlite3_exec(database_.get(), sql, nullptr, nullptr, nullptr) == SQLITE_OK) return {};
  return Unexpected<Error>(error(what));
}

Expected<std::int64_t, Error> SqliteDatabase::ask(const std::string& sql) {
  SqliteStatement statement;
  if (statement.prepare(database_.get(), sql) != SQLITE_OK || statement.step() != SQLITE_ROW) {
    return Unexpected<Error>(error("cannot be read"));
  }
  return statement.number(0);
}

Expected<std::string, Error> SqliteDatabase::ask_text(const std::string& sql) {
  SqliteStatement statement;
  int rc = statement.prepare(database_.get(), sql);
  if (rc == SQLITE_OK) rc = statement.step();
  if (rc == SQLITE_DONE) return std::string();
  if (rc == SQLITE_ROW) return std::string(statement.text(0));
  return Unexpected<Error>(error("cannot be read"));
}

Expected<bool, Error> SqliteDatabase::has_publication(const SqliteNewest& one) {
  if (one.channel == 0) return true;
  const auto count =
      ask("SELECT count(*) FROM publication WHERE channel = " + std::to_string(one.channel) +
          " AND offset = " + std::to_string(one.offset));
  if (!count) return Unexpected<Error>(count.error());
  return *count == 1;
}

void SqliteDatabase::roll_back() {
  // Nothing is to be done about one that fails: the next BEGIN fails then, and says so.
  if (sqlite3_get_autocommit(database_.get()) == 0) (void)rollback_.bind().step();
}

Error SqliteDatabase::error(const std::string& what) const {
  return Error{path_ + ": " + what + ": " + sqlite3_errmsg(database_.get())};
}

}  // namespace chirm
