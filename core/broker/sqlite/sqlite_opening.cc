// SPDX-License-Identifier: MIT
#include "core/broker/sqlite/sqlite_opening.h"

#include <spdlog/spdlog.h>

#include <fstream>
#include <utility>

namespace chirm {

namespace {

// Deleting a channel deletes its publications and ancestors with it. Message ids are looked up in
// memory; their table is only appended to, and read at start. A change of a document is a new row:
// AUTOINCREMENT gives no version twice. What a file of an older version lacks is added.
constexpr const char* kSchema = R"sql(
BEGIN IMMEDIATE;
CREATE TABLE IF NOT EXISTS setting(name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS channel(
  id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL UNIQUE, epoch TEXT NOT NULL,
  touched INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS ancestor(
  channel INTEGER NOT NULL REFERENCES channel(id) ON DELETE CASCADE,
  number INTEGER NOT NULL, epoch TEXT NOT NULL, offset INTEGER NOT NULL,
  PRIMARY KEY(channel, number)) WITHOUT ROWID;
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
PRAGMA user_version = 4;
COMMIT;
)sql";
constexpr std::int64_t kSchemaVersion = 4;
constexpr std::int64_t kFirstWithLives = 4;

// The newest eight ancestors of each channel are kept: each channel gets one with each doubt.
constexpr const char* kNewEpochs = R"sql(
INSERT INTO ancestor SELECT id, (SELECT coalesce(max(number), 0) + 1 FROM ancestor), epoch,
  (SELECT coalesce(max(offset), 0) FROM publication WHERE channel = channel.id) FROM channel;
DELETE FROM ancestor WHERE number <= (SELECT max(number) FROM ancestor) - 8;
UPDATE channel SET epoch = substr(lower(hex(randomblob(4))), 1, 8);
)sql";

// A log is trimmed at its old end only.
constexpr const char* kFindHole =
    "SELECT channel FROM publication GROUP BY channel "
    "HAVING count(*) <> max(offset) - min(offset) + 1 LIMIT 1";

}  // namespace

Expected<void, Error> SqliteOpening::run(StoreSync sync) {
  auto done = set_up();
  if (done) {
    doubt_ = why_doubtful(witness_.mark(), look());
    if (!doubt_.empty()) done = verify();
  }
  if (done) done = make_schema();
  if (done) done = start_epochs(sync);
  if (done && sync == StoreSync::kNormal) {
    done = database_.run("PRAGMA synchronous = NORMAL", "cannot be set up");
  }
  if (!done) return done;
  database_.set_checkpoint_on_close(true);
  const auto& mark = witness_.mark();
  const bool goes_on = mark && mark->life == life_;
  return witness_.begin(life_, goes_on ? mark->newest : SqliteNewest{});
}

// WAL lets the reader read while the writer commits. FULL until all that a power failure must not
// take is written (start_epochs()). secure_delete = FAST overwrites deleted text where that costs
// no more pages: rewritten and expired messages should not stay in the file. Without a checkpoint
// when it is closed, so that a -wal of another file is not written into this one (verify()).
Expected<void, Error> SqliteOpening::set_up() {
  database_.set_checkpoint_on_close(false);
  const char* pragmas =
      "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON; "
      "PRAGMA secure_delete = FAST;";
  if (const auto done = database_.run(pragmas, "cannot be set up"); !done) return done;
  const auto version = database_.ask("PRAGMA user_version");
  if (!version) return Unexpected<Error>(version.error());
  if (*version > kSchemaVersion) {
    return Unexpected<Error>(Error{database_.path() + " was written by a newer chirmd"});
  }
  version_ = *version;
  return {};
}

// What cannot be read counts as not there: the database is doubtful then.
SqliteFound SqliteOpening::look() {
  SqliteFound found{.life = {}, .file = witness_.file(), .has_wal = witness_.has_wal()};
  if (version_ >= kFirstWithLives) {
    life_ = database_.ask_text("SELECT value FROM setting WHERE name = 'life'").value_or("");
  }
  found.life = life_;
  const auto& mark = witness_.mark();
  if (!mark || version_ == 0) return found;
  found.has_newest = database_.has_publication(mark->newest).value_or(false);
  return found;
}

// What is wrong with the content, as far as it shows; "": nothing.
std::string SqliteOpening::damage() {
  if (version_ == 0) return "";
  const auto check = database_.ask_text("PRAGMA quick_check(1)");
  if (!check) return check.error().message;
  if (*check != "ok") return check->substr(check->rfind('\n') + 1);  // a headline comes before
  const auto hole = database_.ask_text(kFindHole);
  if (!hole) return hole.error().message;
  return hole->empty() ? "" : "messages are missing in channel " + *hole;
}

// An older copy may have been put in the place of a database whose -wal was left behind. SQLite
// takes the two for one; when that makes no sense, and the file alone does, it is used alone. What
// the pair says otherwise is what the newest file said: the log behind the copy is complete.
Expected<void, Error> SqliteOpening::verify() {
  const std::string damaged = damage();
  if (damaged.empty()) return {};
  auto done = Expected<void, Error>{};
  if (witness_.has_wal()) {
    const auto again = [&] {
      done = database_.reopen();
      if (done) done = set_up();
      if (done) (void)look();
    };
    database_.close();
    done = witness_.lay_wal_aside();
    if (done) again();
    if (!done) return done;
    if (damage().empty()) {
      spdlog::warn(
          "store: {} is used without its -wal file, which is of another state of it ({}) "
          "and was renamed to -wal.stale",
          database_.path(), damaged);
      return {};
    }
    database_.close();
    done = witness_.bring_wal_back();
    if (done) again();
    if (!done) return done;
  }
  const auto check = database_.ask_text("PRAGMA quick_check(1)");
  if (!check || *check != "ok") {
    return Unexpected<Error>(Error{database_.path() + " is damaged (" + damaged + "), and " +
                                   doubt_ + ": restore a copy that sqlite3's .backup has made"});
  }
  spdlog::warn("store: {}: {}", database_.path(), damaged);
  return {};
}

Expected<void, Error> SqliteOpening::make_schema() {
  if (version_ == kSchemaVersion) return {};  // so that a full disk does not keep us from starting
  return database_.run(kSchema, "cannot be set up");
}

// With synchronous = NORMAL, a commit is in the file system's memory: it survives the process, but
// a machine that went down may have lost the newest ones. With FULL, a disk may have promised more
// than it held; and a machine's disk may be put back to an older state, with the mark, while it is
// down. So a machine that was booted since is a reason to doubt, too. Which boot wrote last is on
// the disk before the first commit that may be lost: until then, synchronous is FULL.
//
// A new life without new epochs, too, when the process before was killed: it may have committed
// more than the mark says, so the mark would not tell a copy of that moment from the newest state.
Expected<void, Error> SqliteOpening::start_epochs(StoreSync sync) {
  std::string boot;
  std::ifstream("/proc/sys/kernel/random/boot_id") >> boot;
  const std::string now = boot + (sync == StoreSync::kNormal ? " normal" : " full");
  const auto before = database_.ask_text("SELECT value FROM setting WHERE name = 'boot'");
  if (!before) return Unexpected<Error>(before.error());
  const bool is_booted = !before->empty() && !before->starts_with(boot);
  const bool is_doubtful = is_booted || !doubt_.empty();
  const auto& mark = witness_.mark();
  const bool is_new_life = is_doubtful || life_.empty() || !mark || mark->has_wal;
  if (!is_new_life && now == *before) return {};

  if (is_new_life) life_ = random_.name(SqliteMark::kLifeLength);
  const auto channels = database_.ask("SELECT count(*) FROM channel");
  if (!channels) return Unexpected<Error>(channels.error());
  const std::string change = "BEGIN IMMEDIATE;" + std::string(is_doubtful ? kNewEpochs : "") +
                             "INSERT OR REPLACE INTO setting VALUES('boot', '" + now +
                             "'), ('life', '" + life_ + "'); COMMIT;";
  if (const auto done = database_.run(change.c_str(), "write failed"); !done) return done;
  if (!doubt_.empty()) {
    spdlog::warn(
        "store: {} may lack messages that it has had: {}. {} channels get new epochs; who "
        "has seen more than it has is told so",
        database_.path(), doubt_, *channels);
  } else if (is_booted) {
    spdlog::info(
        "store: the machine was started since {} was written last: {} channels get new "
        "epochs",
        database_.path(), *channels);
  }
  return {};
}

}  // namespace chirm
