// SPDX-License-Identifier: MIT
#pragma once
// Uses a node's documents in a test: each call runs the loop until the answer is there.

#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/broker/document_store.h"
#include "tests/core/broker/broker_node.h"

namespace chirm::testing {

// What is told of documents, as "collection/id=value", with "-" for one that was removed.
class DocumentChanges final : public DocumentListener {
 public:
  explicit DocumentChanges(DocumentStore& store) : store_(store) { store.add_listener(*this); }
  ~DocumentChanges() { store_.remove_listener(*this); }
  DocumentChanges(const DocumentChanges&) = delete;
  DocumentChanges& operator=(const DocumentChanges&) = delete;

  void on_document(std::string_view collection, std::string_view id,
                   const Document& document) override {
    const std::string text = std::string(collection) + "/" + std::string(id) + "=";
    told.push_back(text + (document.version == 0 ? "-" : document.value));
    versions.push_back(document.version);
  }
  void on_documents_maybe_missed() override { ++missed; }

  std::vector<std::string> told;
  std::vector<std::uint64_t> versions;
  int missed = 0;

 private:
  DocumentStore& store_;
};

class DocumentClient {
 public:
  using PutResult = DocumentStore::PutResult;

  explicit DocumentClient(BrokerNode& node) : node_(node) {}

  DocumentStore& store() { return node_.broker->documents(); }

  Expected<PutResult, ErrorCode> try_put(const std::string& id, std::uint64_t expected,
                                         const std::string& value,
                                         const std::string& collection = "c") {
    return wait<PutResult>(
        [&](auto done) { store().put(collection, id, expected, value, std::move(done)); });
  }
  PutResult put(const std::string& id, std::uint64_t expected, const std::string& value,
                const std::string& collection = "c") {
    return expect(try_put(id, expected, value, collection));
  }
  Expected<Document, ErrorCode> try_get(const std::string& id,
                                        const std::string& collection = "c") {
    return wait<Document>([&](auto done) { store().get(collection, id, std::move(done)); });
  }
  Document get(const std::string& id, const std::string& collection = "c") {
    return expect(try_get(id, collection));
  }
  Expected<std::vector<NamedDocument>, ErrorCode> try_list(const DocumentStore::ListRequest& what) {
    return wait<std::vector<NamedDocument>>(
        [&](auto done) { store().list(what, std::move(done)); });
  }
  // "id=value id=value"
  std::string list(const std::string& after = "", std::uint32_t limit = 1000,
                   const std::string& collection = "c") {
    std::string text;
    for (const NamedDocument& one : expect(try_list({collection, after, limit}))) {
      EXPECT_GT(one.document.version, 0U);
      text += (text.empty() ? "" : " ") + one.id + "=" + one.document.value;
    }
    return text;
  }
  std::uint64_t count(const std::string& collection = "c") {
    return expect(
        wait<std::uint64_t>([&](auto done) { store().count(collection, std::move(done)); }));
  }
  std::uint64_t clear(const std::string& collection = "c") {
    return expect(
        wait<std::uint64_t>([&](auto done) { store().clear(collection, std::move(done)); }));
  }

 private:
  template <class T>
  static T expect(Expected<T, ErrorCode> answer) {
    EXPECT_TRUE(answer.has_value());
    return std::move(answer).value_or(T{});
  }
  template <class T, class Start>
  Expected<T, ErrorCode> wait(Start start) {
    const auto result = std::make_shared<std::optional<Expected<T, ErrorCode>>>();
    start([result](Expected<T, ErrorCode> answer) { *result = std::move(answer); });
    EXPECT_FALSE(result->has_value()) << "called back before the call has returned";
    EXPECT_TRUE(node_.run_until([&] { return result->has_value(); }));
    return result->value_or(Unexpected<ErrorCode>(errors::kNotAvailable));
  }

  BrokerNode& node_;
};

}  // namespace chirm::testing
