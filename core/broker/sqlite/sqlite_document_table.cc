// SPDX-License-Identifier: MIT
#include "core/broker/sqlite/sqlite_document_table.h"

namespace chirm {

namespace {
constexpr const char* kFindDocument =
    "SELECT version, value FROM document WHERE collection = ? AND id = ?";
}  // namespace

Expected<void, Error> SqliteDocumentTable::prepare_writing() {
  return database_.prepare(
      {{find_document_, kFindDocument},
       // A new row each time, so that AUTOINCREMENT gives a new version.
       {put_document_, "INSERT OR REPLACE INTO document(collection, id, value) VALUES(?, ?, ?)"},
       {remove_document_, "DELETE FROM document WHERE collection = ? AND id = ?"},
       {clear_documents_, "DELETE FROM document WHERE collection = ?"}});
}

Expected<void, Error> SqliteDocumentTable::prepare_reading() {
  return database_.prepare(
      {{find_document_, kFindDocument},
       {list_documents_,
        "SELECT id, version, value FROM document "
        "WHERE collection = ? AND id > ? ORDER BY id LIMIT ?"},
       {count_documents_, "SELECT count(*) FROM document WHERE collection = ?"}});
}

int SqliteDocumentTable::find(const std::string& collection, const std::string& id,
                              Document& found) {
  int rc = find_document_.bind(std::string_view(collection), std::string_view(id)).step();
  if (rc == SQLITE_ROW) {
    found = {static_cast<std::uint64_t>(find_document_.number(0)),
             std::string(find_document_.text(1))};
    rc = SQLITE_DONE;
  }
  find_document_.reset();
  return rc;
}

int SqliteDocumentTable::change(SqliteDocumentChange& change) {
  const std::string_view collection = change.collection;
  const std::string_view id = change.id;
  if (id.empty()) {
    const int rc = clear_documents_.bind(collection).step();
    change.removed = static_cast<std::uint64_t>(database_.changes());
    return rc;
  }
  Document& current = change.result.current;
  int rc = find(change.collection, change.id, current);
  if (rc != SQLITE_DONE) return rc;
  change.result.is_stored = current.version == change.expected;
  change.is_change = change.result.is_stored && !(change.value.empty() && current.version == 0);
  if (!change.is_change) return SQLITE_DONE;
  if (change.value.empty()) {
    current = {};
    return remove_document_.bind(collection, id).step();
  }
  rc = put_document_.bind(collection, id, std::string_view(change.value)).step();
  const std::int64_t version = database_.last_row();
  current = {static_cast<std::uint64_t>(version), change.value};
  return rc;
}

Expected<Document, Error> SqliteDocumentTable::get(const std::string& collection,
                                                   const std::string& id) {
  Document found;
  if (find(collection, id, found) == SQLITE_DONE) return found;
  return Unexpected<Error>(database_.error("read failed"));
}

Expected<std::vector<NamedDocument>, Error> SqliteDocumentTable::list(const std::string& collection,
                                                                      const std::string& after,
                                                                      std::uint32_t limit) {
  SqliteStatement& read = list_documents_;
  read.bind(std::string_view(collection), std::string_view(after), std::int64_t{limit});
  std::vector<NamedDocument> listed;
  int rc = SQLITE_OK;
  while ((rc = read.step()) == SQLITE_ROW) {
    listed.push_back({std::string(read.text(0)),
                      {static_cast<std::uint64_t>(read.number(1)), std::string(read.text(2))}});
  }
  const Error failed = database_.error("read failed");
  read.reset();
  if (rc != SQLITE_DONE) return Unexpected<Error>(failed);
  return listed;
}

Expected<std::uint64_t, Error> SqliteDocumentTable::count(const std::string& collection) {
  SqliteStatement& read = count_documents_;
  const int rc = read.bind(std::string_view(collection)).step();
  const auto count = static_cast<std::uint64_t>(rc == SQLITE_ROW ? read.number(0) : 0);
  const Error failed = database_.error("read failed");
  read.reset();
  if (rc != SQLITE_ROW) return Unexpected<Error>(failed);
  return count;
}

}  // namespace chirm
