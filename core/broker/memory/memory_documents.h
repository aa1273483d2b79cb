// SPDX-License-Identifier: MIT
#pragma once
// The documents of a single node, in memory: nothing survives the process.

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "core/broker/checked_documents.h"

namespace chirm {

class MemoryDocuments final : public CheckedDocuments {
 public:
  using CheckedDocuments::CheckedDocuments;

 private:
  using Collection = std::map<std::string, Document, std::less<>>;  // by id

  void do_get(std::string_view collection, std::string_view id, Callback<Document> done) override;
  void do_put(std::string_view collection, std::string_view id, std::uint64_t expected,
              std::string_view value, Callback<PutResult> done) override;
  void do_list(const ListRequest& request, Callback<std::vector<NamedDocument>> done) override;
  void do_count(std::string_view collection, Callback<std::uint64_t> done) override;
  void do_clear(std::string_view collection, Callback<std::uint64_t> done) override;

  const Collection* find(std::string_view collection) const;

  std::map<std::string, Collection, std::less<>> collections_;
  std::uint64_t version_ = 0;  // the newest
};

}  // namespace chirm
