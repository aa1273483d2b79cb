// SPDX-License-Identifier: MIT
#include "core/broker/sqlite/sqlite_message_table.h"

#include <utility>

#include "core/base/check.h"

namespace chirm {

Expected<void, Error> SqliteMessageTable::load() {
  auto done = database_.prepare(
      {{add_message_,
        "INSERT INTO message(stored, channel, offset, user, id) VALUES(?, ?, ?, ?, ?)"},
       // Rows are appended in the order of time, so the first ones are the oldest.
       {forget_messages_,
        "DELETE FROM message WHERE seq IN "
        "(SELECT seq FROM message ORDER BY seq LIMIT ?) AND stored <= ?"}});
  if (!done) return done;
  SqliteStatement read;
  done = database_.prepare(
      {{read, "SELECT stored, channel, user, id, offset FROM message ORDER BY seq"}});
  if (!done) return done;
  int rc = SQLITE_OK;
  while ((rc = read.step()) == SQLITE_ROW) {
    // An empty id is never written, but a file that somebody has edited or repaired may have one.
    if (read.text(3).empty()) continue;
    ids_.add(key_of(read.number(1), read.text(2), read.text(3)),
             static_cast<std::uint64_t>(read.number(4)), read.number(0));
  }
  if (rc != SQLITE_DONE) return Unexpected<Error>(database_.error("cannot be read"));
  return {};
}

std::string SqliteMessageTable::key_of(std::int64_t channel, std::string_view user,
                                       std::string_view id) {
  CHIRM_CHECK(!id.empty());
  std::string key(reinterpret_cast<const char*>(&channel), sizeof channel);
  return key += message_key(user, id);
}

// In memory they go by time at once; from the table, now and then (forget()).
void SqliteMessageTable::begin_transaction(std::int64_t forgotten_until_ms) {
  ids_.forget_until(forgotten_until_ms);
  added_ = 0;
}

int SqliteMessageTable::add(std::string key, std::int64_t now_ms, std::int64_t channel,
                            std::uint64_t offset, std::string_view user, std::string_view id) {
  const int rc = add_message_.bind(now_ms, channel, offset, user, id).step();
  if (rc != SQLITE_DONE) return rc;
  ids_.add(std::move(key), offset, now_ms);
  ++added_;
  return SQLITE_DONE;
}

void SqliteMessageTable::roll_back() { ids_.take_back(std::exchange(added_, 0)); }

Expected<bool, Error> SqliteMessageTable::forget(std::int64_t rows_max, std::int64_t until_ms) {
  if (forget_messages_.bind(rows_max, until_ms).step() == SQLITE_DONE) {
    return database_.changes() == rows_max;
  }
  return Unexpected<Error>(database_.error("deleting old message ids failed"));
}

}  // namespace chirm
