// SPDX-License-Identifier: MIT
#pragma once
// The documents of an embedded store. Private to core/broker.

#include <cstdint>
#include <string>
#include <vector>

#include "core/broker/document_store.h"
#include "core/broker/sqlite/sqlite_database.h"
#include "core/broker/sqlite/sqlite_transaction.h"

namespace chirm {

class SqliteDocumentTable {
 public:
  // The database must outlive it.
  explicit SqliteDocumentTable(SqliteDatabase& database) : database_(database) {}
  // One of the two, once, before all else.
  [[nodiscard]] Expected<void, Error> prepare_writing();
  [[nodiscard]] Expected<void, Error> prepare_reading();

  // Within a transaction of a writer; fills in the results. SQLITE_DONE or what went wrong.
  int change(SqliteDocumentChange& change);

  // Of a reader, as DocumentStore has them.
  [[nodiscard]] Expected<Document, Error> get(const std::string& collection, const std::string& id);
  [[nodiscard]] Expected<std::vector<NamedDocument>, Error> list(const std::string& collection,
                                                                 const std::string& after,
                                                                 std::uint32_t limit);
  [[nodiscard]] Expected<std::uint64_t, Error> count(const std::string& collection);

 private:
  int find(const std::string& collection, const std::string& id, Document& found);

  SqliteDatabase& database_;
  SqliteStatement find_document_, put_document_, remove_document_, clear_documents_;
  SqliteStatement list_documents_, count_documents_;
};

}  // namespace chirm
