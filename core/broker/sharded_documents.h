// SPDX-License-Identifier: MIT
#pragma once
// Documents on several stores: a collection is on one of them, chosen as a channel's is. Private to
// core/broker.

#include <functional>
#include <string_view>
#include <utility>
#include <vector>

#include "core/broker/document_store.h"

namespace chirm {

class ShardedDocuments final : public DocumentStore {
 public:
  // Which store has a collection, of `all`.
  using Of = std::function<DocumentStore&(std::string_view collection)>;

  ShardedDocuments(std::vector<DocumentStore*> all, Of of)
      : all_(std::move(all)), of_(std::move(of)) {}

  void add_listener(DocumentListener& listener) override {
    for (DocumentStore* store : all_) store->add_listener(listener);
  }
  void remove_listener(DocumentListener& listener) override {
    for (DocumentStore* store : all_) store->remove_listener(listener);
  }
  void get(std::string_view collection, std::string_view id, Callback<Document> done) override {
    of_(collection).get(collection, id, std::move(done));
  }
  void put(std::string_view collection, std::string_view id, std::uint64_t expected,
           std::string_view value, Callback<PutResult> done) override {
    of_(collection).put(collection, id, expected, value, std::move(done));
  }
  void list(const ListRequest& request, Callback<std::vector<NamedDocument>> done) override {
    of_(request.collection).list(request, std::move(done));
  }
  void count(std::string_view collection, Callback<std::uint64_t> done) override {
    of_(collection).count(collection, std::move(done));
  }
  void clear(std::string_view collection, Callback<std::uint64_t> done) override {
    of_(collection).clear(collection, std::move(done));
  }

 private:
  const std::vector<DocumentStore*> all_;
  const Of of_;
};

}  // namespace chirm
