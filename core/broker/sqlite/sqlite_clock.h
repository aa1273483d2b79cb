// SPDX-License-Identifier: MIT
#pragma once
// The time that an embedded store goes by when it says how old something is. What is old is deleted
// or forgotten, so no single clock is believed: while the process runs, time passes as the
// monotonic clock says, but for pauses of the process (Loop::paused_ms()): a retry that waited
// through one is recognised. Of the time between two processes the machine's clock may say a day at
// most. It never goes back. Private to core/broker.
//
//   the file's last time ──≤ a day, as the machine's clock says──▶ start ──monotonic──▶ now

#include <cstdint>

#include "core/broker/sqlite/sqlite_database.h"

namespace chirm {

class SqliteClock {
 public:
  static constexpr std::int64_t kPauseMaxMs = 24LL * 3600 * 1000;

  // The database must outlive it, and be open for writing.
  explicit SqliteClock(SqliteDatabase& database) : database_(database) {}
  // Once, before all else: reads the last time.
  [[nodiscard]] Expected<void, Error> prepare();

  // The time at which the store starts, when the machine's clock says `unix_ms`.
  std::int64_t start(std::int64_t unix_ms) const;
  // Now and then: keeps the time for the next start, once an hour.
  [[nodiscard]] Expected<void, Error> note(std::int64_t now_ms);

 private:
  SqliteDatabase& database_;
  SqliteStatement write_;
  std::int64_t last_ms_ = 0;  // 0: the file is new
  std::int64_t noted_ms_ = 0;
};

}  // namespace chirm
