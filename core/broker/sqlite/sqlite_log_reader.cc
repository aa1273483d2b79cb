// SPDX-License-Identifier: MIT
#include "core/broker/sqlite/sqlite_log_reader.h"

#include <algorithm>

namespace chirm {

Expected<void, Error> SqliteLogReader::prepare() {
  const auto done = table_.prepare();
  if (!done) return done;
  return database_.prepare(
      {{read_forward_,
        "SELECT offset, body FROM publication WHERE channel = ? AND offset > ? AND body <> '' "
        "ORDER BY offset LIMIT ?"},
       {read_backward_,
        "SELECT offset, body FROM publication WHERE channel = ? AND offset < ? AND body <> '' "
        "ORDER BY offset DESC LIMIT ?"}});
}

// In a transaction, so that the publications are those of the position even while the writer
// commits.
Expected<History, Error> SqliteLogReader::read(const SqliteRange& range) {
  if (database_.begin() != SQLITE_DONE) return Unexpected<Error>(database_.error("read failed"));
  History history;
  SqliteChannelTable::Row channel;
  int rc = table_.find(range.channel, channel);
  if (rc == SQLITE_ROW) {
    history.top.epoch = channel.epoch;
    rc = table_.read_top(channel.id, history.top.offset);
  }
  if (rc == SQLITE_ROW) rc = table_.read_ancestors(channel.id, history.top.ancestors);
  const bool exists = !history.top.epoch.empty();
  if (rc == SQLITE_DONE && exists) rc = read_publications(range, channel.id, history);
  const Error failed = database_.error("read failed");
  (void)database_.commit();  // of a transaction that only read
  if (rc != SQLITE_DONE) return Unexpected<Error>(failed);
  return history;
}

// SQLITE_DONE or what went wrong.
int SqliteLogReader::read_publications(const SqliteRange& range, std::int64_t channel,
                                       History& history) {
  const bool is_from_top = range.reverse && range.since == 0;
  const std::uint64_t since = is_from_top ? history.top.offset + 1 : range.since;
  SqliteStatement& read = range.reverse ? read_backward_ : read_forward_;
  read.bind(channel, since, std::int64_t{range.limit});
  std::size_t bytes_left = range.bytes_max;
  int rc = SQLITE_DONE;
  while ((rc = bytes_left > 0 ? read.step() : SQLITE_DONE) == SQLITE_ROW) {
    const std::string_view body = read.text(1);
    history.publications.push_back({static_cast<std::uint64_t>(read.number(0)), std::string(body)});
    bytes_left -= std::min(bytes_left, body.size());
  }
  read.reset();
  return rc;
}

}  // namespace chirm
