// SPDX-License-Identifier: MIT
#include "core/broker/sqlite_store.h"

#include <fcntl.h>
#include <sqlite3.h>
#include <sys/file.h>

#include <algorithm>
#include <cerrno>
#include <fstream>

#include "core/broker/sqlite_statement.h"
#include "core/loop/socket.h"

namespace chirm {

namespace {

constexpr std::size_t kEpochLength = 8;
// Rows that one retention step deletes from a table: some milliseconds.
constexpr std::int64_t kForgetRows = 5000;
// A channel is cut to its size each time that this many publications were added to it.
constexpr std::uint64_t kTrimEvery = 64;

// Deleting a channel deletes its publications and message ids with it.
constexpr const char* kSchema = R"sql(
CREATE TABLE IF NOT EXISTS setting(name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS channel(
  id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, epoch TEXT NOT NULL,
  top INTEGER NOT NULL, touched INTEGER NOT NULL);
CREATE INDEX IF NOT EXISTS channel_touched ON channel(touched);
CREATE TABLE IF NOT EXISTS publication(
  channel INTEGER NOT NULL REFERENCES channel(id) ON DELETE CASCADE,
  offset INTEGER NOT NULL, body TEXT NOT NULL, PRIMARY KEY(channel, offset)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS message(
  channel INTEGER NOT NULL REFERENCES channel(id) ON DELETE CASCADE,
  user TEXT NOT NULL, id TEXT NOT NULL, offset INTEGER NOT NULL, stored INTEGER NOT NULL,
  PRIMARY KEY(channel, user, id)) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS message_stored ON message(stored);
PRAGMA user_version = 1;
)sql";
constexpr std::int64_t kSchemaVersion = 1;

struct Close {
  void operator()(sqlite3* database) const { sqlite3_close(database); }
};

}  // namespace

struct SqliteStore::Impl {
  std::string path;
  Random random;
  Socket lock;  // a file descriptor; its lock goes with it
  std::unique_ptr<sqlite3, Close> database;
  // Declared behind the database, so that they are gone before it.
  SqliteStatement begin, commit, rollback;
  SqliteStatement find_channel, add_channel, set_top, add_publication, trim;
  SqliteStatement find_message, add_message;
  SqliteStatement forget_channels, forget_messages;
  SqliteStatement read_forward, read_backward;

  Error error(const std::string& what) const {
    return Error{path + ": " + what + ": " + sqlite3_errmsg(database.get())};
  }
  Expected<void, Error> run(const char* sql, const char* what) {
    if (sqlite3_exec(database.get(), sql, nullptr, nullptr, nullptr) == SQLITE_OK) return {};
    return Unexpected<Error>(error(what));
  }
  Expected<std::int64_t, Error> ask(const char* sql) {
    SqliteStatement statement;
    if (statement.prepare(database.get(), sql) != SQLITE_OK || statement.step() != SQLITE_ROW) {
      return Unexpected<Error>(error("cannot be read"));
    }
    return statement.number(0);
  }

  Expected<void, Error> open(int flags);
  Expected<void, Error> take_lock();
  Expected<void, Error> set_up(StoreSync sync);
  Expected<void, Error> check_power_failure(StoreSync sync);
  Expected<void, Error> prepare_writing();
  Expected<void, Error> prepare_reading();
  int write_one(Write& write, const BrokerSettings& settings, std::int64_t now_ms);
};

SqliteStore::SqliteStore(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
SqliteStore::~SqliteStore() = default;

// ---- Opening

Expected<std::unique_ptr<SqliteStore>, Error> SqliteStore::open_for_writing(const std::string& path,
                                                                            StoreSync sync) {
  auto impl = std::make_unique<Impl>();
  impl->path = path;
  auto done = impl->take_lock();
  if (done) done = impl->open(SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE);
  if (done) done = impl->set_up(sync);
  if (done) done = impl->check_power_failure(sync);
  if (done) done = impl->prepare_writing();
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
  return Unexpected<Error>(Error{path + " is in use by another chirmd"});
}

Expected<void, Error> SqliteStore::Impl::open(int flags) {
  sqlite3* opened = nullptr;
  const int rc = sqlite3_open_v2(path.c_str(), &opened, flags | SQLITE_OPEN_NOMUTEX, nullptr);
  database.reset(opened);
  if (rc != SQLITE_OK) return Unexpected<Error>(error("cannot be opened"));
  sqlite3_busy_timeout(opened, 1000);  // a checkpoint can hold a reader up for moments
  return {};
}

Expected<void, Error> SqliteStore::Impl::set_up(StoreSync sync) {
  const char* pragmas = sync == StoreSync::kFull
                            ? "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;"
                              "PRAGMA foreign_keys = ON;"
                            : "PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;"
                              "PRAGMA foreign_keys = ON;";
  if (const auto done = run(pragmas, "cannot be set up"); !done) return done;
  const auto version = ask("PRAGMA user_version");
  if (!version) return Unexpected<Error>(version.error());
  if (*version > kSchemaVersion) {
    return Unexpected<Error>(Error{path + " was written by a newer chirmd"});
  }
  return run(kSchema, "cannot be set up");
}

// With synchronous = NORMAL, a commit is in the file system's memory: it survives the process, but
// a machine that went down may have lost the newest ones, and their offsets would be given
// again. So every channel gets a new epoch when the machine was booted since.
Expected<void, Error> SqliteStore::Impl::check_power_failure(StoreSync sync) {
  std::string boot;
  std::ifstream("/proc/sys/kernel/random/boot_id") >> boot;
  const std::string now = boot + (sync == StoreSync::kNormal ? " normal" : " full");
  SqliteStatement read;
  if (read.prepare(database.get(), "SELECT value FROM setting WHERE name = 'boot'") != SQLITE_OK) {
    return Unexpected<Error>(error("cannot be read"));
  }
  const std::string before = read.step() == SQLITE_ROW ? std::string(read.text(0)) : "";
  read.reset();
  if (before.ends_with(" normal") && !before.starts_with(boot)) {
    const auto done =
        run("UPDATE channel SET epoch = substr(lower(hex(randomblob(4))), 1, 8)", "write failed");
    if (!done) return done;
  }
  SqliteStatement write;
  const int rc = write.prepare(database.get(), "INSERT OR REPLACE INTO setting VALUES('boot', ?)");
  if (rc != SQLITE_OK || write.bind(std::string_view(now)).step() != SQLITE_DONE) {
    return Unexpected<Error>(error("write failed"));
  }
  return {};
}

Expected<void, Error> SqliteStore::Impl::prepare_writing() {
  sqlite3* db = database.get();
  const bool is_prepared =
      begin.prepare(db, "BEGIN IMMEDIATE") == SQLITE_OK &&
      commit.prepare(db, "COMMIT") == SQLITE_OK && rollback.prepare(db, "ROLLBACK") == SQLITE_OK &&
      find_channel.prepare(db, "SELECT id, epoch, top FROM channel WHERE name = ?") == SQLITE_OK &&
      add_channel.prepare(
          db, "INSERT INTO channel(name, epoch, top, touched) VALUES(?, ?, 0, ?)") == SQLITE_OK &&
      set_top.prepare(db, "UPDATE channel SET top = ?, touched = ? WHERE id = ?") == SQLITE_OK &&
      add_publication.prepare(db, "INSERT INTO publication VALUES(?, ?, ?)") == SQLITE_OK &&
      trim.prepare(db, "DELETE FROM publication WHERE channel = ? AND offset <= ?") == SQLITE_OK &&
      find_message.prepare(
          db, "SELECT offset, stored FROM message WHERE channel = ? AND user = ? AND id = ?") ==
          SQLITE_OK &&
      add_message.prepare(db, "INSERT OR REPLACE INTO message VALUES(?, ?, ?, ?, ?)") ==
          SQLITE_OK &&
      forget_channels.prepare(db,
                              "DELETE FROM channel WHERE id IN "
                              "(SELECT id FROM channel WHERE touched <= ? LIMIT 1)") == SQLITE_OK &&
      forget_messages.prepare(
          db,
          "DELETE FROM message WHERE (channel, user, id) IN "
          "(SELECT channel, user, id FROM message WHERE stored <= ? LIMIT ?)") == SQLITE_OK;
  if (!is_prepared) return Unexpected<Error>(error("cannot be used"));
  return {};
}

Expected<void, Error> SqliteStore::Impl::prepare_reading() {
  sqlite3* db = database.get();
  const bool is_prepared =
      begin.prepare(db, "BEGIN") == SQLITE_OK && commit.prepare(db, "COMMIT") == SQLITE_OK &&
      find_channel.prepare(db, "SELECT id, epoch, top FROM channel WHERE name = ?") == SQLITE_OK &&
      read_forward.prepare(db,
                           "SELECT offset, body FROM publication WHERE channel = ? AND offset > ? "
                           "ORDER BY offset LIMIT ?") == SQLITE_OK &&
      read_backward.prepare(db,
                            "SELECT offset, body FROM publication WHERE channel = ? AND offset < ? "
                            "ORDER BY offset DESC LIMIT ?") == SQLITE_OK;
  if (!is_prepared) return Unexpected<Error>(error("cannot be used"));
  return {};
}

// ---- Writing

Expected<void, Error> SqliteStore::write(std::vector<Write>& writes, const BrokerSettings& settings,
                                         std::int64_t now_ms) {
  Impl& db = *impl_;
  int rc = db.begin.bind().step();
  for (auto write = writes.begin(); rc == SQLITE_DONE && write != writes.end(); ++write) {
    rc = db.write_one(*write, settings, now_ms);
  }
  if (rc == SQLITE_DONE) rc = db.commit.bind().step();
  if (rc == SQLITE_DONE) return {};
  const Error failed = db.error("write failed");
  // SQLite has rolled back itself after some errors; this is then refused, and all is well.
  if (sqlite3_get_autocommit(db.database.get()) == 0) (void)db.rollback.bind().step();
  return Unexpected<Error>(failed);
}

// Returns SQLITE_DONE or what went wrong.
int SqliteStore::Impl::write_one(Write& write, const BrokerSettings& settings,
                                 std::int64_t now_ms) {
  const std::string_view name = write.channel;
  int rc = find_channel.bind(name).step();
  if (rc == SQLITE_DONE) {
    const std::string epoch = random.name(kEpochLength);
    rc = add_channel.bind(name, std::string_view(epoch), now_ms).step();
    if (rc == SQLITE_DONE) rc = find_channel.bind(name).step();
  }
  if (rc != SQLITE_ROW) return rc;
  const std::int64_t channel = find_channel.number(0);
  write.position = {static_cast<std::uint64_t>(find_channel.number(2)),
                    std::string(find_channel.text(1))};
  find_channel.reset();
  if (write.body.empty()) return SQLITE_DONE;

  const std::string_view user = write.user;
  const std::string_view id = write.message_id;
  if (!id.empty()) {
    rc = find_message.bind(channel, user, id).step();
    const auto ttl_ms = static_cast<std::int64_t>(settings.idempotency_ttl_ms);
    if (rc == SQLITE_ROW && find_message.number(1) > now_ms - ttl_ms) {
      write.is_repetition = true;
      write.position.offset = static_cast<std::uint64_t>(find_message.number(0));
      find_message.reset();
      return SQLITE_DONE;
    }
    if (rc != SQLITE_ROW && rc != SQLITE_DONE) return rc;
    find_message.reset();
  }
  const std::uint64_t offset = ++write.position.offset;
  rc = add_publication.bind(channel, offset, std::string_view(write.body)).step();
  if (rc == SQLITE_DONE) rc = set_top.bind(offset, now_ms, channel).step();
  if (rc == SQLITE_DONE && !id.empty()) {
    rc = add_message.bind(channel, user, id, offset, now_ms).step();
  }
  if (rc == SQLITE_DONE && offset % kTrimEvery == 0 && offset > settings.history_size) {
    rc = trim.bind(channel, offset - settings.history_size).step();
  }
  return rc;
}

Expected<bool, Error> SqliteStore::forget_old(const BrokerSettings& settings, std::int64_t now_ms) {
  Impl& db = *impl_;
  const auto history_ttl_ms = static_cast<std::int64_t>(settings.history_ttl_ms);
  const auto message_ttl_ms = static_cast<std::int64_t>(settings.idempotency_ttl_ms);
  if (db.forget_messages.bind(now_ms - message_ttl_ms, kForgetRows).step() != SQLITE_DONE) {
    return Unexpected<Error>(db.error("deleting old message ids failed"));
  }
  const bool has_more = sqlite3_changes(db.database.get()) == kForgetRows;
  if (db.forget_channels.bind(now_ms - history_ttl_ms).step() != SQLITE_DONE) {
    return Unexpected<Error>(db.error("deleting old channels failed"));
  }
  return has_more || sqlite3_changes(db.database.get()) > 0;
}

// ---- Reading

Expected<History, Error> SqliteStore::read(const Range& range) {
  Impl& db = *impl_;
  History history;
  if (db.begin.bind().step() != SQLITE_DONE) return Unexpected<Error>(db.error("read failed"));
  int rc = db.find_channel.bind(std::string_view(range.channel)).step();
  if (rc == SQLITE_ROW) {
    const std::int64_t channel = db.find_channel.number(0);
    history.top = {static_cast<std::uint64_t>(db.find_channel.number(2)),
                   std::string(db.find_channel.text(1))};
    const bool is_from_top = range.reverse && range.since == 0;
    const std::uint64_t since = is_from_top ? history.top.offset + 1 : range.since;
    SqliteStatement& read = range.reverse ? db.read_backward : db.read_forward;
    read.bind(channel, since, std::int64_t{range.limit});
    while ((rc = read.step()) == SQLITE_ROW) {
      history.publications.push_back(
          {static_cast<std::uint64_t>(read.number(0)), std::string(read.text(1))});
    }
    read.reset();
  }
  const Error failed = db.error("read failed");
  db.find_channel.reset();
  (void)db.commit.bind().step();  // of a transaction that only read
  if (rc != SQLITE_DONE) return Unexpected<Error>(failed);
  return history;
}

}  // namespace chirm
