// SPDX-License-Identifier: MIT
#pragma once
// Reads the channels' logs of an embedded store, beside the writer. Private to core/broker.

#include <cstdint>

#include "core/broker/sqlite/sqlite_channel_table.h"
#include "core/broker/sqlite/sqlite_database.h"
#include "core/broker/sqlite/sqlite_transaction.h"

namespace chirm {

class SqliteLogReader {
 public:
  // The database must outlive it, and be open for reading.
  explicit SqliteLogReader(SqliteDatabase& database) : database_(database), table_(database) {}
  // Once, before all else.
  [[nodiscard]] Expected<void, Error> prepare();

  // Position and publications of one moment. The epoch is "" for a channel that does not exist.
  [[nodiscard]] Expected<History, Error> read(const SqliteRange& range);

 private:
  int read_publications(const SqliteRange& range, std::int64_t channel, History& history);

  SqliteDatabase& database_;
  SqliteChannelTable table_;
  SqliteStatement read_forward_, read_backward_;
};

}  // namespace chirm
