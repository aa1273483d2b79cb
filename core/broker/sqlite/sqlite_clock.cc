// SPDX-License-Identifier: MIT
#include "core/broker/sqlite/sqlite_clock.h"

#include <algorithm>

namespace chirm {

namespace {
constexpr std::int64_t kNoteEveryMs = 3600LL * 1000;
}  // namespace

// What was written last may be younger than the last note, which a file of an older version lacks.
Expected<void, Error> SqliteClock::prepare() {
  const auto last = database_.ask(
      "SELECT max("
      "coalesce((SELECT CAST(value AS INTEGER) FROM setting WHERE name = 'clock'), 0), "
      "coalesce((SELECT max(abs(touched)) FROM channel), 0), "
      "coalesce((SELECT stored FROM message ORDER BY seq DESC LIMIT 1), 0))");
  if (!last) return Unexpected<Error>(last.error());
  last_ms_ = noted_ms_ = *last;
  return database_.prepare({{write_, "INSERT OR REPLACE INTO setting VALUES('clock', ?)"}});
}

std::int64_t SqliteClock::start(std::int64_t unix_ms) const {
  if (last_ms_ == 0) return unix_ms;
  return std::clamp(unix_ms, last_ms_, last_ms_ + kPauseMaxMs);
}

Expected<void, Error> SqliteClock::note(std::int64_t now_ms) {
  if (now_ms - noted_ms_ < kNoteEveryMs) return {};
  if (write_.bind(now_ms).step() != SQLITE_DONE) {
    return Unexpected<Error>(database_.error("write failed"));
  }
  noted_ms_ = now_ms;
  return {};
}

}  // namespace chirm
