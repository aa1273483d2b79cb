// SPDX-License-Identifier: MIT
#pragma once
// The documents of a single node, in memory: nothing survives the process.

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "core/broker/document_store.h"
#include "core/broker/later_calls.h"

namespace chirm {

class Loop;

class MemoryDocuments final : public DocumentStore {
 public:
  explicit MemoryDocuments(Loop& loop) : later_(loop) {}

  void add_listener(DocumentListener& listener) override { listeners_.push_back(&listener); }
  void remove_listener(DocumentListener& listener) override;
  void get(std::string_view collection, std::string_view id, Callback<Document> done) override;
  void put(std::string_view collection, std::string_view id, std::uint64_t expected,
           std::string_view value, Callback<PutResult> done) override;
  void list(const ListRequest& request, Callback<std::vector<NamedDocument>> done) override;
  void count(std::string_view collection, Callback<std::uint64_t> done) override;
  void clear(std::string_view collection, Callback<std::uint64_t> done) override;

 private:
  using Collection = std::map<std::string, Document, std::less<>>;  // by id

  const Collection* find(std::string_view collection) const;

  LaterCalls later_;
  std::map<std::string, Collection, std::less<>> collections_;
  std::vector<DocumentListener*> listeners_;
  std::uint64_t version_ = 0;  // the newest
};

}  // namespace chirm
