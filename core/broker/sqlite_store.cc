// SPDX-License-Identifier: MIT
#include "core/broker/sqlite_store.h"

#include <fcntl.h>
#include <sqlite3.h>
#include <sys/file.h>

#include <algorithm>
#include <cerrno>
#include <fstream>
#include <unordered_map>

#include "core/broker/message_ids.h"
#include "core/broker/sqlite_statement.h"
#include "core/loop/socket.h"

namespace chirm {

namespace {

constexpr std::size_t kEpochLength = 8;
// Rows that one retention step deletes from a table: some milliseconds.
constexpr std::int64_t kForgetRows = 5000;
// A channel is cut to its size each time that this many publications were added to it.
constexpr std::uint64_t kTrimEvery = 64;

// Message ids that are remembered, at most; beyond, the oldest go before their time.
constexpr std::size_t kMessageIdsMax = 2'000'000;
constexpr std::size_t kKnownChannelsMax = 100'000;
// A channel's time of last use is written when it is older than this share of its time to live.
constexpr std::int64_t kTouchShare = 16;

// Deleting a channel deletes its publications with it. Message ids are looked up in memory; their
// table is only appended to, and read at start.
constexpr const char* kSchema = R"sql(
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
PRAGMA user_version = 1;
)sql";
constexpr std::int64_t kSchemaVersion = 1;

// A channel's newest offset. Its newest publication is never trimmed.
constexpr const char* kTop = "SELECT coalesce(max(offset), 0) FROM publication WHERE channel = ?";

struct Close {
  void operator()(sqlite3* database) const { sqlite3_close(database); }
};

std::string message_key(std::int64_t channel, std::string_view user, std::string_view id) {
  std::string key(reinterpret_cast<const char*>(&channel), sizeof channel);
  key += user;
  key += '\0';
  return key += id;
}

}  // namespace

struct SqliteStore::Impl {
  std::string path;
  Random random;
  Socket lock;  // a file descriptor; its lock goes with it
  std::unique_ptr<sqlite3, Close> database;
  // Declared behind the database, so that they are gone before it.
  SqliteStatement begin, commit, rollback;
  SqliteStatement find_channel, read_top, add_channel, touch, add_publication, trim;
  SqliteStatement add_message;
  SqliteStatement forget_channels, forget_messages;
  SqliteStatement read_forward, read_backward;

  // What the writer knows without asking. Emptied after a failed transaction.
  struct Channel {
    std::int64_t id;
    std::string epoch;
    std::uint64_t top;
    std::int64_t touched_ms;
  };
  std::unordered_map<std::string, Channel> channels;
  MessageIds message_ids{kMessageIdsMax};
  std::size_t message_ids_added = 0;  // by the transaction that is being written

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
  Expected<void, Error> set_up();
  Expected<void, Error> check_power_failure(StoreSync sync);
  Expected<void, Error> prepare_writing();
  Expected<void, Error> prepare_reading();
  Expected<void, Error> load_messages();
  int find_or_add(const std::string& name, std::int64_t now_ms, Channel*& found);
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

Expected<void, Error> SqliteStore::Impl::set_up() {
  const char* pragmas =
      "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON;";
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
  SqliteStatement write;
  const int rc = write.prepare(database.get(), "INSERT OR REPLACE INTO setting VALUES('boot', ?)");
  if (rc != SQLITE_OK || write.bind(std::string_view(now)).step() != SQLITE_DONE) {
    return Unexpected<Error>(error("write failed"));
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
          SQLITE_OK;
  if (!is_prepared) return Unexpected<Error>(error("cannot be used"));
  return {};
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
                            "ORDER BY offset DESC LIMIT ?") == SQLITE_OK;
  if (!is_prepared) return Unexpected<Error>(error("cannot be used"));
  return {};
}

// ---- Writing

Expected<void, Error> SqliteStore::write(std::vector<Write>& writes, const BrokerSettings& settings,
                                         std::int64_t now_ms) {
  Impl& db = *impl_;
  db.message_ids.forget_until(now_ms - static_cast<std::int64_t>(settings.idempotency_ttl_ms));
  db.message_ids_added = 0;
  int rc = db.begin.bind().step();
  for (auto write = writes.begin(); rc == SQLITE_DONE && write != writes.end(); ++write) {
    rc = db.write_one(*write, settings, now_ms);
  }
  if (rc == SQLITE_DONE) rc = db.commit.bind().step();
  if (rc == SQLITE_DONE) return {};
  const Error failed = db.error("write failed");
  // SQLite has rolled back itself after some errors.
  if (sqlite3_get_autocommit(db.database.get()) == 0) (void)db.rollback.bind().step();
  db.channels.clear();
  db.message_ids.take_back(db.message_ids_added);
  return Unexpected<Error>(failed);
}

// Returns SQLITE_DONE or what went wrong, as the two below do.
int SqliteStore::Impl::find_or_add(const std::string& name, std::int64_t now_ms, Channel*& found) {
  if (const auto known = channels.find(name); known != channels.end()) {
    found = &known->second;
    return SQLITE_DONE;
  }
  if (channels.size() >= kKnownChannelsMax) channels.clear();
  Channel channel{};
  int rc = find_channel.bind(std::string_view(name)).step();
  if (rc == SQLITE_ROW) {
    channel = {find_channel.number(0), std::string(find_channel.text(1)), 0,
               find_channel.number(2)};
    find_channel.reset();
    rc = read_top.bind(channel.id).step();
    if (rc != SQLITE_ROW) return rc;
    channel.top = static_cast<std::uint64_t>(read_top.number(0));
    read_top.reset();
  } else if (rc == SQLITE_DONE) {
    channel = {0, random.name(kEpochLength), 0, now_ms};
    rc = add_channel.bind(std::string_view(name), std::string_view(channel.epoch), now_ms).step();
    if (rc != SQLITE_DONE) return rc;
    channel.id = sqlite3_last_insert_rowid(database.get());
  } else {
    return rc;
  }
  found = &channels.insert_or_assign(name, std::move(channel)).first->second;
  return SQLITE_DONE;
}

int SqliteStore::Impl::write_one(Write& write, const BrokerSettings& settings,
                                 std::int64_t now_ms) {
  Channel* channel = nullptr;
  int rc = find_or_add(write.channel, now_ms, channel);
  if (rc != SQLITE_DONE) return rc;
  write.position = {channel->top, channel->epoch};
  if (write.body.empty()) return SQLITE_DONE;

  std::string key;
  if (!write.message_id.empty()) {
    key = message_key(channel->id, write.user, write.message_id);
    if (const auto first = message_ids.find(key)) {
      write.is_repetition = true;
      write.position.offset = *first;
      return SQLITE_DONE;
    }
  }
  const std::uint64_t offset = channel->top + 1;
  rc = add_publication.bind(channel->id, offset, std::string_view(write.body)).step();
  if (rc == SQLITE_DONE && !key.empty()) {
    rc = add_message
             .bind(now_ms, channel->id, offset, std::string_view(write.user),
                   std::string_view(write.message_id))
             .step();
  }
  const auto ttl_ms = static_cast<std::int64_t>(settings.history_ttl_ms);
  if (rc == SQLITE_DONE && now_ms - channel->touched_ms > ttl_ms / kTouchShare) {
    rc = touch.bind(now_ms, channel->id).step();
    channel->touched_ms = now_ms;
  }
  if (rc == SQLITE_DONE && offset % kTrimEvery == 0 && offset > settings.history_size) {
    rc = trim.bind(channel->id, offset - settings.history_size).step();
  }
  if (rc != SQLITE_DONE) return rc;
  if (!key.empty()) {
    message_ids.add(std::move(key), offset, now_ms);
    ++message_ids_added;
  }
  write.position.offset = channel->top = offset;
  return SQLITE_DONE;
}

// ---- Message ids

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

Expected<bool, Error> SqliteStore::forget_old(const BrokerSettings& settings, std::int64_t now_ms) {
  Impl& db = *impl_;
  const auto ttl_ms = static_cast<std::int64_t>(settings.history_ttl_ms);
  const auto message_ttl_ms = static_cast<std::int64_t>(settings.idempotency_ttl_ms);
  if (db.forget_messages.bind(kForgetRows, now_ms - message_ttl_ms).step() != SQLITE_DONE) {
    return Unexpected<Error>(db.error("deleting old message ids failed"));
  }
  const bool has_more = sqlite3_changes(db.database.get()) == kForgetRows;
  if (db.forget_channels.bind(now_ms - ttl_ms - ttl_ms / kTouchShare).step() != SQLITE_DONE) {
    return Unexpected<Error>(db.error("deleting old channels failed"));
  }
  const bool has_forgotten = sqlite3_changes(db.database.get()) > 0;
  if (has_forgotten) db.channels.clear();
  return has_more || has_forgotten;
}

// ---- Reading

Expected<History, Error> SqliteStore::read(const Range& range) {
  Impl& db = *impl_;
  History history;
  if (db.begin.bind().step() != SQLITE_DONE) return Unexpected<Error>(db.error("read failed"));
  int rc = db.find_channel.bind(std::string_view(range.channel)).step();
  if (rc == SQLITE_ROW) {
    const std::int64_t channel = db.find_channel.number(0);
    history.top.epoch = db.find_channel.text(1);
    if ((rc = db.read_top.bind(channel).step()) == SQLITE_ROW) {
      history.top.offset = static_cast<std::uint64_t>(db.read_top.number(0));
    }
    db.read_top.reset();
  }
  if (rc == SQLITE_ROW) {
    const std::int64_t channel = db.find_channel.number(0);
    const bool is_from_top = range.reverse && range.since == 0;
    const std::uint64_t since = is_from_top ? history.top.offset + 1 : range.since;
    SqliteStatement& read = range.reverse ? db.read_backward : db.read_forward;
    read.bind(channel, since, std::int64_t{range.limit});
    std::size_t bytes_left = range.bytes_max;
    while ((rc = bytes_left > 0 ? read.step() : SQLITE_DONE) == SQLITE_ROW) {
      const std::string_view body = read.text(1);
      history.publications.push_back(
          {static_cast<std::uint64_t>(read.number(0)), std::string(body)});
      bytes_left -= std::min(bytes_left, body.size());
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
