// SPDX-License-Identifier: MIT
#pragma once
// The file <database>.lock: the lock that only one process has, and the mark, which says how the
// database must be found the next time. Databases are copied, restored and replaced without it; so
// it tells an older one from the newest. Private to core/broker.
//
// The mark is overwritten before an ack, and not forced onto the disk: it outlives the process.
// After a power failure it may be older than the database, which proves less, and nothing wrong.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include "core/base/error.h"
#include "core/loop/socket.h"
#include "protocol/expected.h"

namespace chirm {

// What a file looks like from outside.
struct SqliteFileTrace {
  std::uint64_t device = 0;
  std::uint64_t inode = 0;
  std::uint64_t bytes = 0;
  std::int64_t modified_ns = 0;  // Unix time

  bool is_same_file(const SqliteFileTrace& other) const {
    return device == other.device && inode == other.inode;
  }
};
// nullopt: there is no such file, or it cannot be looked at.
std::optional<SqliteFileTrace> trace_of(const std::string& path);

// A publication: the id of its channel, and its offset. Channel 0: none.
struct SqliteNewest {
  std::int64_t channel = 0;
  std::uint64_t offset = 0;
};

struct SqliteMark {
  static constexpr std::size_t kLifeLength = 16;  // letters and digits

  std::string life;      // a random name that the database has, too; changes when it is in doubt
  SqliteNewest newest;   // the publication that was acked last in this life, of all channels
  SqliteFileTrace file;  // of the database, after the last checkpoint; device: not kept
  bool has_wal = false;  // there is something in <database>-wal
  bool is_checkpoint = false;  // one is under way: the database may look different from `file`
  bool is_touched = false;     // another program has written into the database
};

class SqliteMarkFile {
 public:
  // Opens or creates the file, and locks it until this object goes. `database` is for messages.
  [[nodiscard]] static Expected<SqliteMarkFile, Error> take(const std::string& path,
                                                            const std::string& database);

  // nullopt: there is none, it is damaged, or it was written into another file than this one.
  std::optional<SqliteMark> read() const;
  // Costs nothing when the mark is there already.
  [[nodiscard]] Expected<void, Error> write(const SqliteMark& mark);
  // Of the lock's file.
  const SqliteFileTrace& trace() const { return trace_; }

 private:
  SqliteMarkFile(std::string path, Socket file) : path_(std::move(path)), file_(std::move(file)) {}

  std::string path_;
  Socket file_;  // a file descriptor; its lock goes with it
  SqliteFileTrace trace_;
  std::string written_;  // what write() has written last
};

}  // namespace chirm
