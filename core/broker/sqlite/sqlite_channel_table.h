// SPDX-License-Identifier: MIT
#pragma once
// Which channels an embedded store has. For its writer and its readers; private to core/broker.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/broker/position.h"
#include "core/broker/sqlite/sqlite_database.h"

namespace chirm {

class SqliteChannelTable {
 public:
  struct Row {
    std::int64_t id = 0;
    std::string epoch = {};
    // By the store's time: of about the last publication; or negative when nothing is left in the
    // log but its numbering: then of about the last look at it.
    std::int64_t touched_ms = 0;
  };

  // The database must outlive it.
  explicit SqliteChannelTable(SqliteDatabase& database) : database_(database) {}
  // Once, before all else.
  [[nodiscard]] Expected<void, Error> prepare();

  // SQLITE_ROW; SQLITE_DONE when there is no such channel; or what went wrong.
  int find(std::string_view name, Row& row);
  // The newest offset of a channel, 0 when it has no publications. SQLITE_ROW or what went wrong.
  int read_top(std::int64_t id, std::uint64_t& top);
  // Earlier epochs of a channel, newest first. SQLITE_DONE or what went wrong.
  int read_ancestors(std::int64_t id, std::vector<Ancestor>& ancestors);

 private:
  SqliteDatabase& database_;
  SqliteStatement find_, read_top_, read_ancestors_;
};

}  // namespace chirm
