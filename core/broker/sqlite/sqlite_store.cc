// SPDX-License-Identifier: MIT
#include "core/broker/sqlite/sqlite_store.h"

#include <utility>

#include "core/broker/sqlite/sqlite_opening.h"

namespace chirm {

SqliteStoreWriter::SqliteStoreWriter(std::unique_ptr<SqliteDatabase> database)
    : database_(std::move(database)),
      clock_(*database_),
      log_(*database_),
      index_(*database_),
      documents_(*database_) {}

Expected<std::unique_ptr<SqliteStoreWriter>, Error> SqliteStoreWriter::open(const std::string& path,
                                                                            StoreSync sync) {
  auto database = SqliteDatabase::open_for_writing(path);
  if (!database) return Unexpected<Error>(database.error());
  auto opened = SqliteOpening(**database, (*database)->witness()).run(sync);
  if (opened) opened = (*database)->begin_writing();
  if (!opened) return Unexpected<Error>(opened.error());
  std::unique_ptr<SqliteStoreWriter> store(new SqliteStoreWriter(std::move(*database)));
  const auto done = store->prepare();
  if (!done) return Unexpected<Error>(done.error());
  return store;
}

Expected<void, Error> SqliteStoreWriter::prepare() {
  auto done = clock_.prepare();
  if (done) done = log_.prepare();
  if (done) done = index_.prepare();
  if (done) done = documents_.prepare_writing();
  return done;
}

// Another program may write beside us, and so put an older state into the file that we have open
// (sqlite3's .restore). Then what we would number next is numbered in vain.
int SqliteStoreWriter::begin() {
  const int rc = database_->begin();
  if (rc != SQLITE_DONE || !database_->was_changed_by_others()) return rc;
  log_.forget_known();
  const SqliteMark& mark = database_->witness().present();
  const auto life = database_->ask_text("SELECT value FROM setting WHERE name = 'life'");
  const auto has_newest = database_->has_publication(mark.newest);
  if (!life || !has_newest) return SQLITE_ERROR;
  if (*life == mark.life && *has_newest) return rc;
  database_->witness().note_lost("was restored from another copy while chirmd uses it");
  return SQLITE_ABORT;
}

Expected<void, Error> SqliteStoreWriter::write(SqliteTransaction& transaction,
                                               const BrokerSettings& settings,
                                               std::int64_t now_ms) {
  // The first thing that goes wrong ends it: rc says what, and nothing more is done.
  log_.begin_transaction(settings, now_ms);
  int rc = begin();
  for (SqliteWrite& write : transaction.writes) {
    if (rc == SQLITE_DONE) rc = log_.write(write, settings, now_ms);
  }
  for (SqliteRewrite& rewrite : transaction.rewrites) {
    if (rc != SQLITE_DONE) break;
    SqliteLogWriter::Replaced replaced{};
    rc = log_.rewrite(rewrite, replaced);
    if (rc == SQLITE_DONE && rewrite.result == Rewritten::kDone) {
      rc = index_.reindex(replaced.channel, rewrite, replaced.old_body);
    }
  }
  for (SqliteDocumentChange& change : transaction.documents) {
    if (rc == SQLITE_DONE) rc = documents_.change(change);
  }
  if (rc == SQLITE_DONE) rc = database_->commit();
  if (rc == SQLITE_DONE) {
    if (log_.newest().channel != 0) database_->witness().note_newest(log_.newest());
    return {};
  }
  const Error failed = database_->error("write failed");  // before the ROLLBACK has its own words
  database_->roll_back();
  log_.roll_back();
  return Unexpected<Error>(failed);
}

// Its size matters: a nearly full disk takes many small rows, in pages that are there already,
// before it refuses the first one.
Expected<void, Error> SqliteStoreWriter::probe() {
  constexpr const char* kWrite = "INSERT OR REPLACE INTO setting VALUES('probe', zeroblob(65536))";
  const auto written = database_->run(kWrite, "write failed");
  if (!written) return written;
  return database_->run("DELETE FROM setting WHERE name = 'probe'", "write failed");
}

Expected<bool, Error> SqliteStoreWriter::forget_old(const BrokerSettings& settings,
                                                    std::int64_t now_ms) {
  const auto has_more = log_.forget_old(settings, now_ms);
  if (!has_more) return has_more;
  // The mark must not ask for what was deleted for its age.
  SqliteWitness& witness = database_->witness();
  const auto has_newest = database_->has_publication(witness.present().newest);
  if (!has_newest) return has_newest;
  if (!*has_newest) witness.note_newest({});
  if (const auto done = index_.forget_old(); !done) return Unexpected<Error>(done.error());
  if (const auto done = clock_.note(now_ms); !done) return Unexpected<Error>(done.error());
  return has_more;
}

SqliteStoreReader::SqliteStoreReader(std::unique_ptr<SqliteDatabase> database)
    : database_(std::move(database)),
      log_(*database_),
      searcher_(*database_),
      documents_(*database_) {}

Expected<std::unique_ptr<SqliteStoreReader>, Error> SqliteStoreReader::open(
    const std::string& path) {
  auto database = SqliteDatabase::open_for_reading(path);
  if (!database) return Unexpected<Error>(database.error());
  std::unique_ptr<SqliteStoreReader> store(new SqliteStoreReader(std::move(*database)));
  const auto done = store->prepare();
  if (!done) return Unexpected<Error>(done.error());
  return store;
}

Expected<std::int64_t, Error> SqliteStoreReader::used_bytes() {
  return database_->ask(
      "SELECT (p.page_count - f.freelist_count) * s.page_size "
      "FROM pragma_page_count p, pragma_freelist_count f, pragma_page_size s");
}

Expected<void, Error> SqliteStoreReader::prepare() {
  auto done = log_.prepare();
  if (done) done = searcher_.prepare();
  if (done) done = documents_.prepare_reading();
  return done;
}

}  // namespace chirm
