// SPDX-License-Identifier: MIT
// Opening a store: who may, what a file of another time or another boot needs, the statements.
#include <fcntl.h>
#include <sqlite3.h>
#include <sys/file.h>

#include <cerrno>
#include <fstream>

#include "core/broker/sqlite/sqlite_store_impl.h"

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

// A channel's newest offset. Its newest publication is never trimmed.
constexpr const char* kTop = "SELECT coalesce(max(offset), 0) FROM publication WHERE channel = ?";
constexpr const char* kFindPublication =
    "SELECT body FROM publication WHERE channel = ? AND offset = ?";
constexpr const char* kFindDocument =
    "SELECT version, value FROM document WHERE collection = ? AND id = ?";

}  // namespace

SqliteStore::SqliteStore(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
SqliteStore::~SqliteStore() = default;

Expected<std::unique_ptr<SqliteStore>, Error> SqliteStore::open_for_writing(const std::string& path,
                                                                            StoreSync sync) {
  auto impl = std::make_unique<Impl>();
  impl->path = path;
  auto done = impl->take_lock();
  if (done) done = impl->open(SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE);
  if (done) done = impl->set_up();
  if (done) done = impl->check_power_failure(sync);
  if (done) done = impl->prepare_writing();
  if (done) done = impl->load_messages();
  if (!done) return Unexpected<Error>(done.error());
  return std::unique_ptr<SqliteStore>(new SqliteStore(std::move(impl)));
}

Expected<std::unique_ptr<SqliteStore>, Error> SqliteStore::open_for_reading(
    const std::string& path) {
  auto impl = std::make_unique<Impl>();
  impl->path = path;
  auto done = impl->open(SQLITE_OPEN_READONLY);
  if (done) done = impl->prepare_reading();
  if (!done) return Unexpected<Error>(done.error());
  return std::unique_ptr<SqliteStore>(new SqliteStore(std::move(impl)));
}

// Two writers would each number publications, and deliver only their own.
Expected<void, Error> SqliteStore::Impl::take_lock() {
  const std::string lock_path = path + ".lock";
  lock = Socket(::open(lock_path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
  if (!lock.is_open()) return Unexpected<Error>(system_error("cannot open " + lock_path, errno));
  if (flock(lock.fd(), LOCK_EX | LOCK_NB) == 0) return {};
  if (errno == EWOULDBLOCK) {
    return Unexpected<Error>(Error{path + " is in use by another chirmd"});
  }
  return Unexpected<Error>(system_error("cannot lock " + lock_path, errno));
}

Expected<void, Error> SqliteStore::Impl::open(int flags) {
  sqlite3* opened = nullptr;
  const int rc = sqlite3_open_v2(path.c_str(), &opened, flags | SQLITE_OPEN_NOMUTEX, nullptr);
  database.reset(opened);
  if (rc != SQLITE_OK) return Unexpected<Error>(error("cannot be opened"));
  sqlite3_busy_timeout(opened, 1000);  // a checkpoint can hold a reader up for moments
  return {};
}

Expected<void, Error> SqliteStore::Impl::set_up() {
  const char* pragmas =
      "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON; "
      "PRAGMA secure_delete = FAST;";
  if (const auto done = run(pragmas, "cannot be set up"); !done) return done;
  const auto version = ask("PRAGMA user_version");
  if (!version) return Unexpected<Error>(version.error());
  if (*version > kSchemaVersion) {
    return Unexpected<Error>(Error{path + " was written by a newer chirmd"});
  }
  if (*version == kSchemaVersion) return {};  // so that a full disk does not keep us from starting
  return run(kSchema, "cannot be set up");
}

// With synchronous = NORMAL, a commit is in the file system's memory: it survives the process, but
// a machine that went down may have lost the newest ones, and their offsets would be given
// again. So every channel gets a new epoch when the machine was booted since. What tells that is on
// the disk before the first commit that may be lost: until then, synchronous is FULL.
Expected<void, Error> SqliteStore::Impl::check_power_failure(StoreSync sync) {
  std::string boot;
  std::ifstream("/proc/sys/kernel/random/boot_id") >> boot;
  const std::string now = boot + (sync == StoreSync::kNormal ? " normal" : " full");
  SqliteStatement read;
  if (read.prepare(database.get(), "SELECT value FROM setting WHERE name = 'boot'") != SQLITE_OK) {
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
        write.prepare(database.get(), "INSERT OR REPLACE INTO setting VALUES('boot', ?)");
    if (rc != SQLITE_OK || write.bind(std::string_view(now)).step() != SQLITE_DONE) {
      return Unexpected<Error>(error("write failed"));
    }
  }
  if (sync == StoreSync::kFull) return {};
  return run("PRAGMA synchronous = NORMAL", "cannot be set up");
}

Expected<void, Error> SqliteStore::Impl::prepare_writing() {
  sqlite3* db = database.get();
  const bool is_prepared =
      begin.prepare(db, "BEGIN IMMEDIATE") == SQLITE_OK &&
      commit.prepare(db, "COMMIT") == SQLITE_OK && rollback.prepare(db, "ROLLBACK") == SQLITE_OK &&
      find_channel.prepare(db, "SELECT id, epoch, touched FROM channel WHERE name = ?") ==
          SQLITE_OK &&
      read_top.prepare(db, kTop) == SQLITE_OK &&
      add_channel.prepare(db, "INSERT INTO channel(name, epoch, touched) VALUES(?, ?, ?)") ==
          SQLITE_OK &&
      touch.prepare(db, "UPDATE channel SET touched = ? WHERE id = ?") == SQLITE_OK &&
      add_publication.prepare(db, "INSERT INTO publication VALUES(?, ?, ?)") == SQLITE_OK &&
      trim.prepare(db, "DELETE FROM publication WHERE channel = ? AND offset <= ?") == SQLITE_OK &&
      add_message.prepare(
          db, "INSERT INTO message(stored, channel, offset, user, id) VALUES(?, ?, ?, ?, ?)") ==
          SQLITE_OK &&
      forget_channels.prepare(db,
                              "DELETE FROM channel WHERE id IN "
                              "(SELECT id FROM channel WHERE touched <= ? LIMIT 1)") == SQLITE_OK &&
      forget_messages.prepare(db,
                              "DELETE FROM message WHERE seq IN "
                              "(SELECT seq FROM message ORDER BY seq LIMIT ?) AND stored <= ?") ==
          SQLITE_OK &&
      find_publication.prepare(db, kFindPublication) == SQLITE_OK &&
      replace_body.prepare(
          db, "UPDATE publication SET body = ? WHERE channel = ? AND offset = ?") == SQLITE_OK &&
      prepare_indexing() && find_document.prepare(db, kFindDocument) == SQLITE_OK &&
      put_document.prepare(
          db, "INSERT OR REPLACE INTO document(collection, id, value) VALUES(?, ?, ?)") ==
          SQLITE_OK &&
      remove_document.prepare(db, "DELETE FROM document WHERE collection = ? AND id = ?") ==
          SQLITE_OK &&
      clear_documents.prepare(db, "DELETE FROM document WHERE collection = ?") == SQLITE_OK;
  if (!is_prepared) return Unexpected<Error>(error("cannot be used"));
  return {};
}

bool SqliteStore::Impl::prepare_indexing() {
  sqlite3* db = database.get();
  return read_indexed.prepare(db, "SELECT offset FROM searched WHERE channel = ?") == SQLITE_OK &&
         note_indexed.prepare(db,
                              "INSERT INTO searched VALUES(?, ?, ?) ON CONFLICT(channel) "
                              "DO UPDATE SET offset = excluded.offset") == SQLITE_OK &&
         read_to_index.prepare(db,
                               "SELECT offset, body FROM publication WHERE channel = ? AND "
                               "offset > ? ORDER BY offset LIMIT ?") == SQLITE_OK &&
         add_words.prepare(db, "INSERT INTO search(rowid, words) VALUES(?, ?)") == SQLITE_OK &&
         remove_words.prepare(
             db, "INSERT INTO search(search, rowid, words) VALUES('delete', ?, ?)") == SQLITE_OK;
}

Expected<void, Error> SqliteStore::Impl::prepare_reading() {
  sqlite3* db = database.get();
  const bool is_prepared =
      begin.prepare(db, "BEGIN") == SQLITE_OK && commit.prepare(db, "COMMIT") == SQLITE_OK &&
      find_channel.prepare(db, "SELECT id, epoch FROM channel WHERE name = ?") == SQLITE_OK &&
      read_top.prepare(db, kTop) == SQLITE_OK &&
      read_forward.prepare(db,
                           "SELECT offset, body FROM publication WHERE channel = ? AND offset > ? "
                           "ORDER BY offset LIMIT ?") == SQLITE_OK &&
      read_backward.prepare(db,
                            "SELECT offset, body FROM publication WHERE channel = ? AND offset < ? "
                            "ORDER BY offset DESC LIMIT ?") == SQLITE_OK &&
      find_publication.prepare(db, kFindPublication) == SQLITE_OK &&
      find_words.prepare(db,
                         "SELECT rowid FROM search WHERE search MATCH ? AND rowid BETWEEN ? AND ? "
                         "ORDER BY rowid DESC") == SQLITE_OK &&
      find_document.prepare(db, kFindDocument) == SQLITE_OK &&
      list_documents.prepare(db,
                             "SELECT id, version, value FROM document "
                             "WHERE collection = ? AND id > ? ORDER BY id LIMIT ?") == SQLITE_OK &&
      count_documents.prepare(db, "SELECT count(*) FROM document WHERE collection = ?") ==
          SQLITE_OK;
  if (!is_prepared) return Unexpected<Error>(error("cannot be used"));
  return {};
}

Expected<void, Error> SqliteStore::Impl::load_messages() {
  SqliteStatement read;
  int rc = read.prepare(database.get(),
                        "SELECT stored, channel, user, id, offset FROM message ORDER BY seq");
  if (rc == SQLITE_OK) {
    while ((rc = read.step()) == SQLITE_ROW) {
      message_ids.add(message_key(read.number(1), read.text(2), read.text(3)),
                      static_cast<std::uint64_t>(read.number(4)), read.number(0));
    }
  }
  if (rc != SQLITE_DONE) return Unexpected<Error>(error("cannot be read"));
  return {};
}

}  // namespace chirm
