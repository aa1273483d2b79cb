// SPDX-License-Identifier: MIT
#pragma once
// A prepared statement. Values are bound in order, rows stepped through, columns read by index.
// Private to core/broker.

#include <sqlite3.h>

#include <cstdint>
#include <string>
#include <string_view>

namespace chirm {

class SqliteStatement {
 public:
  SqliteStatement() = default;
  ~SqliteStatement() { sqlite3_finalize(statement_); }
  SqliteStatement(const SqliteStatement&) = delete;
  SqliteStatement& operator=(const SqliteStatement&) = delete;

  // A result code of SQLite's.
  int prepare(sqlite3* database, std::string_view sql) {
    return sqlite3_prepare_v3(database, sql.data(), static_cast<int>(sql.size()),
                              SQLITE_PREPARE_PERSISTENT, &statement_, nullptr);
  }

  // Begins a new execution. Text must stay valid until the last step.
  template <class... Values>
  SqliteStatement& bind(const Values&... values) {
    sqlite3_reset(statement_);  // repeats the last step's error, which was seen then
    int index = 0;
    (bind_one(++index, values), ...);
    return *this;
  }
  // SQLITE_ROW, SQLITE_DONE or an error.
  int step() { return sqlite3_step(statement_); }
  // Ends a read, so that it holds no snapshot.
  void reset() { sqlite3_reset(statement_); }

  std::int64_t number(int column) { return sqlite3_column_int64(statement_, column); }
  // Valid until the next step.
  std::string_view text(int column) {
    const auto* bytes = static_cast<const char*>(sqlite3_column_blob(statement_, column));
    return {bytes, static_cast<std::size_t>(sqlite3_column_bytes(statement_, column))};
  }

 private:
  void bind_one(int index, std::int64_t value) { sqlite3_bind_int64(statement_, index, value); }
  void bind_one(int index, std::uint64_t value) {
    sqlite3_bind_int64(statement_, index, static_cast<std::int64_t>(value));
  }
  void bind_one(int index, std::string_view value) {
    // A pointer that is not null, for an empty text is not NULL.
    sqlite3_bind_text(statement_, index, value.empty() ? "" : value.data(),
                      static_cast<int>(value.size()), SQLITE_STATIC);
  }

  sqlite3_stmt* statement_ = nullptr;
};

}  // namespace chirm
