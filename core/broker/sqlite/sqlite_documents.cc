// SPDX-License-Identifier: MIT
#include "core/broker/sqlite/sqlite_documents.h"

#include <utility>

#include "core/broker/sqlite/sqlite_store.h"

namespace chirm {

template <class T>
void SqliteDocuments::read(std::function<Expected<T, Error>(SqliteDocumentTable&)> work,
                           Callback<T> done) {
  auto reading = SqliteReadQueue::reading<T>(
      [work = std::move(work)](SqliteStoreReader& store) { return work(store.documents()); }, done);
  if (reads_.add(std::move(reading))) return;
  later().add([refused = std::move(done)] { refused(Unexpected<ErrorCode>(errors::kInternal)); });
}

void SqliteDocuments::write(SqliteDocumentChange change, SqliteWriteQueue::OnChanged done) {
  if (writes_.has_room(change.value.size())) {
    return writes_.add(std::move(change), std::move(done));
  }
  later().add([refused = std::move(done)] { refused(nullptr); });
}

void SqliteDocuments::do_get(std::string_view collection, std::string_view id,
                             Callback<Document> done) {
  read<Document>([name = std::string(collection), key = std::string(id)](
                     SqliteDocumentTable& table) { return table.get(name, key); },
                 std::move(done));
}

// Told to the listeners before the caller, as all changes are: who has an answer can rely on that.
void SqliteDocuments::do_put(std::string_view collection, std::string_view id,
                             std::uint64_t expected, std::string_view value,
                             Callback<PutResult> done) {
  SqliteDocumentChange put;
  put.collection = collection;
  put.id = id;
  put.expected = expected;
  put.value = value;
  write(std::move(put), [this, answer = std::move(done)](const auto* change) {
    if (change == nullptr) return answer(Unexpected<ErrorCode>(errors::kInternal));
    if (change->is_change) tell_changed(change->collection, change->id, change->result.current);
    answer(change->result);
  });
}

void SqliteDocuments::do_list(const ListRequest& request,
                              Callback<std::vector<NamedDocument>> done) {
  read<std::vector<NamedDocument>>(
      [name = std::string(request.collection), after = std::string(request.after),
       limit = request.limit](SqliteDocumentTable& table) {
        return table.list(name, after, limit);
      },
      std::move(done));
}

void SqliteDocuments::do_count(std::string_view collection, Callback<std::uint64_t> done) {
  read<std::uint64_t>(
      [name = std::string(collection)](SqliteDocumentTable& table) { return table.count(name); },
      std::move(done));
}

void SqliteDocuments::do_clear(std::string_view collection, Callback<std::uint64_t> done) {
  SqliteDocumentChange clear;  // without an id: all of them
  clear.collection = collection;
  write(std::move(clear), [answer = std::move(done)](const auto* change) {
    if (change == nullptr) return answer(Unexpected<ErrorCode>(errors::kInternal));
    answer(change->removed);
  });
}

}  // namespace chirm
