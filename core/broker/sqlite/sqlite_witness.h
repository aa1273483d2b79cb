// SPDX-License-Identifier: MIT
#pragma once
// What bears witness to a database from outside: the mark, which must not be ahead of it when it is
// opened, and its files, which must stay where they are while it is written. Private to
// core/broker; used by the thread that writes.
//
//   take() ── mark(), why_doubtful() ── begin() ──▶ settle() after each transaction, before its ack
//                                                   begin_checkpoint() before the file is changed

#include <memory>
#include <optional>
#include <string>

#include "core/base/error.h"
#include "core/broker/sqlite/sqlite_mark.h"
#include "protocol/expected.h"

namespace chirm {

// A database as it was found.
struct SqliteFound {
  std::string life;  // "": it has none, as it is new or of an older chirmd
  SqliteFileTrace file;
  bool has_wal = false;
  bool has_newest = true;  // has the newest publication that the mark tells of
};
// Why the database may lack something that it has had, for the end of a sentence; "": it has all.
std::string why_doubtful(const std::optional<SqliteMark>& mark, const SqliteFound& found);

class SqliteWitness {
 public:
  // `path` is the operator's, `real_path` where the file is, which exists; no other process has it
  // open from here on. Nothing of the database has been read yet.
  [[nodiscard]] static Expected<std::unique_ptr<SqliteWitness>, Error> take(
      const std::string& path, const std::string& real_path);
  // The last connection of this process has been closed: says how the files are left.
  ~SqliteWitness();
  SqliteWitness(const SqliteWitness&) = delete;
  SqliteWitness& operator=(const SqliteWitness&) = delete;

  const std::optional<SqliteMark>& mark() const { return found_mark_; }  // that stood there
  const SqliteFileTrace& file() const { return opened_; }
  bool has_wal() const { return has_wal_; }  // there was something in it
  // Lays <database>-wal aside, or brings it back. The database must be closed.
  [[nodiscard]] Expected<void, Error> lay_wal_aside();
  [[nodiscard]] Expected<void, Error> bring_wal_back();

  // The database is open, in WAL mode, and as it is to be used.
  [[nodiscard]] Expected<void, Error> begin(const std::string& life, const SqliteNewest& newest);
  const SqliteMark& present() const { return mark_; }

  // For the next settle().
  void note_newest(const SqliteNewest& newest) { mark_.newest = newest; }
  // The database's own content shows that somebody has changed it: it is lost until a restart.
  void note_lost(std::string why) { lost_ = std::move(why); }
  // SQLite is about to write into the database itself; ends with settle().
  void begin_checkpoint();
  // To be asked when something was committed, before anybody is told: are the files still where
  // they were, so that it can be found again? Writes the mark.
  [[nodiscard]] Expected<void, Error> settle();
  // The newest settle() has found the files gone, or others in their place.
  bool is_gone() const { return is_gone_; }

 private:
  SqliteWitness(std::string path, const std::string& real_path, SqliteMarkFile file);
  [[nodiscard]] Expected<SqliteFileTrace, Error> look();
  void compare(const SqliteFileTrace& now);
  [[nodiscard]] Expected<void, Error> rename_wal(const std::string& from, const std::string& to);

  const std::string path_;
  const std::string wal_path_;
  const std::string lock_path_;
  SqliteMarkFile file_;
  std::optional<SqliteMark> found_mark_;
  SqliteFileTrace opened_;
  bool has_wal_;
  std::optional<SqliteFileTrace> wal_;  // none before begin()
  SqliteMark mark_;                     // what the file is to say
  std::string lost_;
  bool is_gone_ = false;
};

}  // namespace chirm
