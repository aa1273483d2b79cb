// SPDX-License-Identifier: MIT
#include "core/broker/sqlite/sqlite_documents.h"

#include <utility>

namespace chirm {

template <class T>
void SqliteDocuments::read(std::function<Expected<T, Error>(SqliteStore&)> work, Callback<T> done) {
  if (jobs_.read(SqliteJobs::reading<T>(std::move(work), done))) return;
  later().add([refused = std::move(done)] { refused(Unexpected<ErrorCode>(errors::kInternal)); });
}

void SqliteDocuments::do_get(std::string_view collection, std::string_view id,
                             Callback<Document> done) {
  read<Document>([name = std::string(collection),
                  key = std::string(id)](SqliteStore& store) { return store.document(name, key); },
                 std::move(done));
}

void SqliteDocuments::do_put(std::string_view collection, std::string_view id,
                             std::uint64_t expected, std::string_view value,
                             Callback<PutResult> done) {
  SqliteStore::DocumentChange put;
  put.collection = collection;
  put.id = id;
  put.expected = expected;
  put.value = value;
  jobs_.change(std::move(put), [this, answer = std::move(done)](const auto* change) {
    if (change == nullptr) return answer(Unexpected<ErrorCode>(errors::kInternal));
    if (change->is_change) tell_changed(change->collection, change->id, change->result.current);
    answer(change->result);
  });
}

void SqliteDocuments::do_list(const ListRequest& request,
                              Callback<std::vector<NamedDocument>> done) {
  read<std::vector<NamedDocument>>(
      [name = std::string(request.collection), after = std::string(request.after),
       limit = request.limit](SqliteStore& store) { return store.list(name, after, limit); },
      std::move(done));
}

void SqliteDocuments::do_count(std::string_view collection, Callback<std::uint64_t> done) {
  read<std::uint64_t>(
      [name = std::string(collection)](SqliteStore& store) { return store.count(name); },
      std::move(done));
}

void SqliteDocuments::do_clear(std::string_view collection, Callback<std::uint64_t> done) {
  SqliteStore::DocumentChange clear;
  clear.collection = collection;
  jobs_.change(std::move(clear), [answer = std::move(done)](const auto* change) {
    if (change == nullptr) return answer(Unexpected<ErrorCode>(errors::kInternal));
    answer(change->removed);
  });
}

}  // namespace chirm
