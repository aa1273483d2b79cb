// SPDX-License-Identifier: MIT
#pragma once
// The message ids of an embedded store, for a writer: looked up in memory, and kept in a table that
// is only appended to and read at start, so that a retry is recognised after a restart, too.
// Private to core/broker.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "core/broker/message_ids.h"
#include "core/broker/sqlite/sqlite_database.h"

namespace chirm {

class SqliteMessageTable {
 public:
  // Ids that are remembered, at most; beyond, the oldest are forgotten before their time.
  static constexpr std::size_t kMessageIdsMax = 2'000'000;

  // The database must outlive it, be open for writing, and be used before anything is written.
  explicit SqliteMessageTable(SqliteDatabase& database) : database_(database) {}
  [[nodiscard]] Expected<void, Error> load();

  // What a publish is known by; `id` is not empty. A key is never stored: load() makes it from the
  // user and the id that a row holds.
  static std::string key_of(std::int64_t channel, std::string_view user, std::string_view id);

  // The offset that was stored under the key.
  std::optional<std::uint64_t> find(const std::string& key) const { return ids_.find(key); }

  // At the start of a transaction: those that are too old are not found any more.
  void begin_transaction(std::int64_t forgotten_until_ms);
  // Within a transaction. SQLITE_DONE or what went wrong. `key` is that of the others, and is not
  // found as yet.
  int add(std::string key, std::int64_t now_ms, std::int64_t channel, std::uint64_t offset,
          std::string_view user, std::string_view id);
  // The transaction has failed: what it added was never there.
  void roll_back();

  // Deletes at most so many rows that are older than that; true when there may be more.
  [[nodiscard]] Expected<bool, Error> forget(std::int64_t rows_max, std::int64_t until_ms);

 private:
  SqliteDatabase& database_;
  SqliteStatement add_message_, forget_messages_;
  MessageIds ids_{kMessageIdsMax};
  std::size_t added_ = 0;  // by the transaction that is being written
};

}  // namespace chirm
