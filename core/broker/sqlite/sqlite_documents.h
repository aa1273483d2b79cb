// SPDX-License-Identifier: MIT
#pragma once
// The documents of a single node that survive it, in the SQLite file of its channels: what is put
// goes into the transactions of what is published. Private to core/broker.

#include <string_view>
#include <vector>

#include "core/broker/checked_documents.h"
#include "core/broker/sqlite/sqlite_jobs.h"

namespace chirm {

class SqliteDocuments final : public CheckedDocuments {
 public:
  // `jobs` must outlive the store.
  SqliteDocuments(Loop& loop, SqliteJobs& jobs) : CheckedDocuments(loop), jobs_(jobs) {}

 private:
  void do_get(std::string_view collection, std::string_view id, Callback<Document> done) override;
  void do_put(std::string_view collection, std::string_view id, std::uint64_t expected,
              std::string_view value, Callback<PutResult> done) override;
  void do_list(const ListRequest& request, Callback<std::vector<NamedDocument>> done) override;
  void do_count(std::string_view collection, Callback<std::uint64_t> done) override;
  void do_clear(std::string_view collection, Callback<std::uint64_t> done) override;

  template <class T>
  void read(std::function<Expected<T, Error>(SqliteStore&)> work, Callback<T> done);

  SqliteJobs& jobs_;
};

}  // namespace chirm
