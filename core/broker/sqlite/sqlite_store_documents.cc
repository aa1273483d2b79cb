// SPDX-License-Identifier: MIT
// The documents of an embedded store.
#include "core/broker/sqlite/sqlite_store_impl.h"

namespace chirm {

int SqliteStore::Impl::find(const std::string& collection, const std::string& id, Document& found) {
  int rc = find_document.bind(std::string_view(collection), std::string_view(id)).step();
  if (rc == SQLITE_ROW) {
    found = {static_cast<std::uint64_t>(find_document.number(0)),
             std::string(find_document.text(1))};
    rc = SQLITE_DONE;
  }
  find_document.reset();
  return rc;
}

int SqliteStore::Impl::change(DocumentChange& change) {
  const std::string_view collection = change.collection;
  const std::string_view id = change.id;
  if (id.empty()) {
    const int rc = clear_documents.bind(collection).step();
    change.removed = static_cast<std::uint64_t>(sqlite3_changes(database.get()));
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
    return remove_document.bind(collection, id).step();
  }
  rc = put_document.bind(collection, id, std::string_view(change.value)).step();
  const std::int64_t version = sqlite3_last_insert_rowid(database.get());
  current = {static_cast<std::uint64_t>(version), change.value};
  return rc;
}

Expected<Document, Error> SqliteStore::document(const std::string& collection,
                                                const std::string& id) {
  Document found;
  if (impl_->find(collection, id, found) == SQLITE_DONE) return found;
  return Unexpected<Error>(impl_->error("read failed"));
}

Expected<std::vector<NamedDocument>, Error> SqliteStore::list(const std::string& collection,
                                                              const std::string& after,
                                                              std::uint32_t limit) {
  SqliteStatement& read = impl_->list_documents;
  read.bind(std::string_view(collection), std::string_view(after), std::int64_t{limit});
  std::vector<NamedDocument> listed;
  int rc = SQLITE_OK;
  while ((rc = read.step()) == SQLITE_ROW) {
    listed.push_back({std::string(read.text(0)),
                      {static_cast<std::uint64_t>(read.number(1)), std::string(read.text(2))}});
  }
  const Error failed = impl_->error("read failed");
  read.reset();
  if (rc != SQLITE_DONE) return Unexpected<Error>(failed);
  return listed;
}

Expected<std::uint64_t, Error> SqliteStore::count(const std::string& collection) {
  SqliteStatement& read = impl_->count_documents;
  const int rc = read.bind(std::string_view(collection)).step();
  const auto count = static_cast<std::uint64_t>(rc == SQLITE_ROW ? read.number(0) : 0);
  const Error failed = impl_->error("read failed");
  read.reset();
  if (rc != SQLITE_ROW) return Unexpected<Error>(failed);
  return count;
}

}  // namespace chirm
