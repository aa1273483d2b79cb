// SPDX-License-Identifier: MIT
#include "core/broker/sqlite/sqlite_channel_table.h"

namespace chirm {

// The newest offset is not stored beside the publications, where it could differ from them: the
// newest publication of a channel is never trimmed. When its time is over, its row stays, with an
// empty body (SqliteLogWriter::forget_old()); whoever reads publications passes it over.
Expected<void, Error> SqliteChannelTable::prepare() {
  return database_.prepare(
      {{find_, "SELECT id, epoch, touched FROM channel WHERE name = ?"},
       {read_top_, "SELECT coalesce(max(offset), 0) FROM publication WHERE channel = ?"},
       {read_ancestors_,
        "SELECT epoch, offset FROM ancestor WHERE channel = ? ORDER BY number DESC"}});
}

int SqliteChannelTable::find(std::string_view name, Row& row) {
  const int rc = find_.bind(name).step();
  if (rc == SQLITE_ROW) row = {find_.number(0), std::string(find_.text(1)), find_.number(2)};
  find_.reset();
  return rc;
}

int SqliteChannelTable::read_top(std::int64_t id, std::uint64_t& top) {
  const int rc = read_top_.bind(id).step();
  if (rc == SQLITE_ROW) top = static_cast<std::uint64_t>(read_top_.number(0));
  read_top_.reset();
  return rc;
}

int SqliteChannelTable::read_ancestors(std::int64_t id, std::vector<Ancestor>& ancestors) {
  int rc = read_ancestors_.bind(id).step();
  for (; rc == SQLITE_ROW; rc = read_ancestors_.step()) {
    ancestors.push_back({std::string(read_ancestors_.text(0)),
                         static_cast<std::uint64_t>(read_ancestors_.number(1))});
  }
  read_ancestors_.reset();
  return rc;
}

}  // namespace chirm
