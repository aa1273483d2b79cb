// SPDX-License-Identifier: MIT
#pragma once
// The documents of a single node that survive it, in the SQLite file of its channels: what is put
// goes into the transactions of what is published. Private to core/broker.

#include <functional>
#include <string_view>
#include <vector>

#include "core/broker/checked_documents.h"
#include "core/broker/sqlite/sqlite_read_queue.h"
#include "core/broker/sqlite/sqlite_transaction.h"
#include "core/broker/sqlite/sqlite_write_queue.h"

namespace chirm {

class SqliteDocumentTable;

class SqliteDocuments final : public CheckedDocuments {
 public:
  // All must outlive the store.
  SqliteDocuments(Loop& loop, SqliteWriteQueue& writes, SqliteReadQueue& reads)
      : CheckedDocuments(loop), writes_(writes), reads_(reads) {}

 private:
  void do_get(std::string_view collection, std::string_view id, Callback<Document> done) override;
  void do_put(std::string_view collection, std::string_view id, std::uint64_t expected,
              std::string_view value, Callback<PutResult> done) override;
  void do_list(const ListRequest& request, Callback<std::vector<NamedDocument>> done) override;
  void do_count(std::string_view collection, Callback<std::uint64_t> done) override;
  void do_clear(std::string_view collection, Callback<std::uint64_t> done) override;

  template <class T>
  void read(std::function<Expected<T, Error>(SqliteDocumentTable&)> work, Callback<T> done);
  void write(SqliteDocumentChange change, SqliteWriteQueue::OnChanged done);

  SqliteWriteQueue& writes_;
  SqliteReadQueue& reads_;
};

}  // namespace chirm
