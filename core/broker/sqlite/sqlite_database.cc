// SPDX-License-Identifier: MIT
#include "core/broker/sqlite/sqlite_database.h"

#include <fcntl.h>
#include <sys/file.h>

#include <cerrno>
#include <fstream>
#include <utility>

namespace chirm {

namespace {

// Deleting a channel deletes its publications with it. Message ids are looked up in memory; their
// table is only appended to, and read at start. A change of a document is a new row: AUTOINCREMENT
// gives no version twice. What a file of an older version lacks is added.
constexpr const char* kSchema = R"sql(
BEGIN IMMEDIATE;
CREATE TABLE IF NOT EXISTS setting(name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS channel(
  id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL UNIQUE, epoch TEXT NOT NULL,
  touched INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS publication(
  channel INTEGER NOT NULL REFERENCES channel(id) ON DELETE CASCADE,
  offset INTEGER NOT NULL, body TEXT NOT NULL, PRIMARY KEY(channel, offset)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS message(
  seq INTEGER PRIMARY KEY, stored INTEGER NOT NULL, channel INTEGER NOT NULL,
  offset INTEGER NOT NULL, user TEXT NOT NULL, id TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS document(
  version INTEGER PRIMARY KEY AUTOINCREMENT, collection TEXT NOT NULL, id TEXT NOT NULL,
  value TEXT NOT NULL, UNIQUE(collection, id));
CREATE VIRTUAL TABLE IF NOT EXISTS search USING fts5(
  words, content = '', detail = none, columnsize = 0, tokenize = 'ascii');
CREATE TABLE IF NOT EXISTS searched(
  channel INTEGER PRIMARY KEY, since INTEGER NOT NULL, offset INTEGER NOT NULL);
PRAGMA user_version = 3;
COMMIT;
)sql";
constexpr std::int64_t kSchemaVersion = 3;

}  // namespace

// The lock comes first: a file that another process writes is not touched.
Expected<std::unique_ptr<SqliteDatabase>, Error> SqliteDatabase::open_for_writing(
    const std::string& path, StoreSync sync) {
  std::unique_ptr<SqliteDatabase> database(new SqliteDatabase(path));
  auto done = database->take_lock();
  if (done) done = database->open(SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE);
  if (done) done = database->set_up();
  if (done) done = database->check_power_failure(sync);
  if (done) {
    done = database->prepare({{database->begin_, "BEGIN IMMEDIATE"},
                              {database->commit_, "COMMIT"},
                              {database->rollback_, "ROLLBACK"}});
  }
  if (!done) return Unexpected<Error>(done.error());
  return database;
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

// Two writers would each number publications, and deliver only their own.
Expected<void, Error> SqliteDatabase::take_lock() {
  const std::string lock_path = path_ + ".lock";
  lock_ = Socket(::open(lock_path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
  if (!lock_.is_open()) return Unexpected<Error>(system_error("cannot open " + lock_path, errno));
  if (flock(lock_.fd(), LOCK_EX | LOCK_NB) == 0) return {};
  if (errno == EWOULDBLOCK) {
    return Unexpected<Error>(Error{path_ + " is in use by another chirmd"});
  }
  return Unexpected<Error>(system_error("cannot lock " + lock_path, errno));
}

Expected<void, Error> SqliteDatabase::open(int flags) {
  sqlite3* opened = nullptr;
  const int rc = sqlite3_open_v2(path_.c_str(), &opened, flags | SQLITE_OPEN_NOMUTEX, nullptr);
  database_.reset(opened);
  if (rc != SQLITE_OK) return Unexpected<Error>(error("cannot be opened"));
  sqlite3_busy_timeout(opened, 1000);  // a checkpoint can hold a reader up for moments
  return {};
}

Expected<void, Error> SqliteDatabase::set_up() {
  const char* pragmas =
      "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON; "
      "PRAGMA secure_delete = FAST;";
  if (const auto done = run(pragmas, "cannot be set up"); !done) return done;
  const auto version = ask("PRAGMA user_version");
  if (!version) return Unexpected<Error>(version.error());
  if (*version > kSchemaVersion) {
    return Unexpected<Error>(Error{path_ + " was written by a newer chirmd"});
  }
  if (*version == kSchemaVersion) return {};  // so that a full disk does not keep us from starting
  return run(kSchema, "cannot be set up");
}

// With synchronous = NORMAL, a commit is in the file system's memory: it survives the process, but
// a machine that went down may have lost the newest ones, and their offsets would be given
// again. So every channel gets a new epoch when the machine was booted since. What tells that is on
// the disk before the first commit that may be lost: until then, synchronous is FULL.
Expected<void, Error> SqliteDatabase::check_power_failure(StoreSync sync) {
  std::string boot;
  std::ifstream("/proc/sys/kernel/random/boot_id") >> boot;
  const std::string now = boot + (sync == StoreSync::kNormal ? " normal" : " full");
  SqliteStatement read;
  if (read.prepare(database_.get(), "SELECT value FROM setting WHERE name = 'boot'") != SQLITE_OK) {
    return Unexpected<Error>(error("cannot be read"));
  }
  const int found = read.step();
  if (found != SQLITE_ROW && found != SQLITE_DONE) {
    return Unexpected<Error>(error("cannot be read"));
  }
  const std::string before = found == SQLITE_ROW ? std::string(read.text(0)) : "";
  read.reset();
  if (before.ends_with(" normal") && !before.starts_with(boot)) {
    const auto done =
        run("UPDATE channel SET epoch = substr(lower(hex(randomblob(4))), 1, 8)", "write failed");
    if (!done) return done;
  }
  if (now != before) {
    SqliteStatement write;
    const int rc =
        write.prepare(database_.get(), "INSERT OR REPLACE INTO setting VALUES('boot', ?)");
    if (rc != SQLITE_OK || write.bind(std::string_view(now)).step() != SQLITE_DONE) {
      return Unexpected<Error>(error("write failed"));
    }
  }
  if (sync == StoreSync::kFull) return {};
  return run("PRAGMA synchronous = NORMAL", "cannot be set up");
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

Expected<std::int64_t, Error> SqliteDatabase::ask(const char* sql) {
  SqliteStatement statement;
  if (statement.prepare(database_.get(), sql) != SQLITE_OK || statement.step() != SQLITE_ROW) {
    return Unexpected<Error>(error("cannot be read"));
  }
  return statement.number(0);
}

void SqliteDatabase::roll_back() {
  // Nothing is to be done about one that fails: the next BEGIN fails then, and says so.
  if (sqlite3_get_autocommit(database_.get()) == 0) (void)rollback_.bind().step();
}

Error SqliteDatabase::error(const std::string& what) const {
  return Error{path_ + ": " + what + ": " + sqlite3_errmsg(database_.get())};
}

}  // namespace chirm
