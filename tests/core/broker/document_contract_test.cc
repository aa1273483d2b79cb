// SPDX-License-Identifier: MIT
// What document_store.h promises, on every store.

#include <gmock/gmock.h>

#include <map>
#include <string>

#include "tests/core/broker/broker_contract.h"

namespace chirm {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using PutResult = DocumentStore::PutResult;

// What is told of documents, as "collection/id=value", or "-" for a value that is gone.
class Changes final : public DocumentListener {
 public:
  explicit Changes(DocumentStore& store) : store_(store) { store.add_listener(*this); }
  ~Changes() { store_.remove_listener(*this); }
  Changes(const Changes&) = delete;
  Changes& operator=(const Changes&) = delete;

  void on_document(std::string_view collection, std::string_view id,
                   const Document& document) override {
    std::string text = std::string(collection) + "/" + std::string(id) + "=";
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

class DocumentContract : public testing::BrokerContract {
 protected:
  DocumentStore& store() { return node_->broker->documents(); }

  template <class T, class Start>
  Expected<T, ErrorCode> wait(Start start) {
    const auto result = std::make_shared<std::optional<Expected<T, ErrorCode>>>();
    start([result](Expected<T, ErrorCode> answer) { *result = std::move(answer); });
    EXPECT_FALSE(result->has_value()) << "called back before the call has returned";
    EXPECT_TRUE(node_->run_until([&] { return result->has_value(); }));
    return result->value_or(Unexpected<ErrorCode>(errors::kNotAvailable));
  }
  Expected<PutResult, ErrorCode> try_put(const std::string& id, std::uint64_t expected,
                                         const std::string& value,
                                         const std::string& collection = "c") {
    return wait<PutResult>(
        [&](auto done) { store().put(collection, id, expected, value, std::move(done)); });
  }
  PutResult put(const std::string& id, std::uint64_t expected, const std::string& value,
                const std::string& collection = "c") {
    const auto result = try_put(id, expected, value, collection);
    EXPECT_TRUE(result.has_value());
    return result.value_or(PutResult{});
  }
  Document get(const std::string& id, const std::string& collection = "c") {
    const auto found =
        wait<Document>([&](auto done) { store().get(collection, id, std::move(done)); });
    EXPECT_TRUE(found.has_value());
    return found.value_or(Document{});
  }
  std::string list(const std::string& after = "", std::uint32_t limit = 1000,
                   const std::string& collection = "c") {
    const auto found = wait<std::vector<NamedDocument>>([&](auto done) {
      store().list({collection, after, limit}, std::move(done));
    });
    EXPECT_TRUE(found.has_value());
    std::string text;
    for (const NamedDocument& one : found.value_or(std::vector<NamedDocument>{})) {
      EXPECT_GT(one.document.version, 0U);
      text += (text.empty() ? "" : " ") + one.id + "=" + one.document.value;
    }
    return text;
  }
  std::uint64_t count(const std::string& collection = "c") {
    const auto found =
        wait<std::uint64_t>([&](auto done) { store().count(collection, std::move(done)); });
    EXPECT_TRUE(found.has_value());
    return found.value_or(0);
  }
};

TEST_P(DocumentContract, KeepsWhatIsPut) {
  EXPECT_EQ(get("a").version, 0U);
  const PutResult stored = put("a", 0, "{\"x\":1}");
  EXPECT_TRUE(stored.is_stored);
  EXPECT_GT(stored.current.version, 0U);
  EXPECT_EQ(stored.current.value, "{\"x\":1}");
  EXPECT_EQ(get("a").version, stored.current.version);
  EXPECT_EQ(get("a").value, "{\"x\":1}");
  EXPECT_EQ(get("a", "other").version, 0U);
  EXPECT_EQ(get("b").version, 0U);
}

TEST_P(DocumentContract, RefusesAPutOfAnotherVersionAndTellsWhatIsThere) {
  const PutResult first = put("a", 0, "1");
  const PutResult refused = put("a", 0, "2");
  EXPECT_FALSE(refused.is_stored);
  EXPECT_EQ(refused.current.version, first.current.version);
  EXPECT_EQ(refused.current.value, "1");
  const PutResult second = put("a", first.current.version, "2");
  EXPECT_TRUE(second.is_stored);
  EXPECT_GT(second.current.version, first.current.version);
  EXPECT_FALSE(put("a", first.current.version, "3").is_stored);
  EXPECT_FALSE(put("b", 7, "3").is_stored);
  EXPECT_EQ(list(), "a=2");
}

TEST_P(DocumentContract, RemovesWithAnEmptyValueAndGivesNoVersionTwice) {
  std::uint64_t version = put("a", 0, "1").current.version;
  for (int i = 0; i < 3; ++i) {
    EXPECT_FALSE(put("a", version + 1, "").is_stored);
    const PutResult removed = put("a", version, "");
    EXPECT_TRUE(removed.is_stored);
    EXPECT_EQ(removed.current.version, 0U);
    EXPECT_EQ(get("a").version, 0U);
    const PutResult again = put("a", 0, "2");
    EXPECT_GT(again.current.version, version);
    version = again.current.version;
  }
  EXPECT_LT(version, std::uint64_t{1} << 53);
}

TEST_P(DocumentContract, ListsInTheByteOrderOfIds) {
  for (const char* id : {"b", "B", "a", "\xc3\xa4", "ab", "10", "9"}) put(id, 0, "v");
  put("z", 0, "v", "other");
  EXPECT_EQ(list(), "10=v 9=v B=v a=v ab=v b=v \xc3\xa4=v");
  EXPECT_EQ(list("", 2), "10=v 9=v");
  EXPECT_EQ(list("9", 2), "B=v a=v");
  EXPECT_EQ(list("aa"), "ab=v b=v \xc3\xa4=v");
  EXPECT_EQ(list("\xc3\xa4"), "");
  EXPECT_EQ(list("", 0), "");
  EXPECT_EQ(count(), 7U);
  put("9", get("9").version, "");
  EXPECT_EQ(count(), 6U);
  EXPECT_EQ(list("", 2), "10=v B=v");
}

TEST_P(DocumentContract, ListsNoMoreThanItsMaximum) {
  int stored = 0;
  for (int i = 0; i < 1005; ++i) {
    store().put("c", std::to_string(10'000 + i), 0, "v", [&](const auto& result) {
      if (result && result->is_stored) ++stored;
    });
  }
  ASSERT_TRUE(node_->run_until([&] { return stored == 1005; }));
  const auto listed = wait<std::vector<NamedDocument>>([&](auto done) {
    store().list({"c", "", 100'000}, std::move(done));
  });
  ASSERT_TRUE(listed.has_value());
  EXPECT_EQ(listed->size(), DocumentStore::kListMax);
  EXPECT_EQ(list("11003"), "11004=v");
}

TEST_P(DocumentContract, ClearsACollectionAlone) {
  const std::uint64_t version = put("a", 0, "1").current.version;
  put("b", 0, "1");
  put("a", 0, "1", "other");
  const auto removed = wait<std::uint64_t>([&](auto done) { store().clear("c", std::move(done)); });
  ASSERT_TRUE(removed.has_value());
  EXPECT_EQ(*removed, 2U);
  EXPECT_EQ(count(), 0U);
  EXPECT_EQ(list(), "");
  EXPECT_EQ(list("", 10, "other"), "a=1");
  EXPECT_GT(put("a", 0, "2").current.version, version);
}

TEST_P(DocumentContract, CarriesAnyBytes) {
  const std::string name("a\0b\r\n:{}\xff*", 10);
  const std::string value("\0\r\n:17:\xfe{}", 9);
  EXPECT_TRUE(put(name, 0, value, name).is_stored);
  EXPECT_EQ(get(name, name).value, value);
  EXPECT_EQ(list("", 10, name), name + "=" + value);
}

TEST_P(DocumentContract, RefusesWhatIsTooLargeAndChangesNothing) {
  const std::string long_name(DocumentStore::kNameBytes, 'n');
  const std::string large(DocumentStore::kValueBytes, 'v');
  EXPECT_TRUE(put(long_name, 0, large, long_name).is_stored);
  EXPECT_EQ(get(long_name, long_name).value, large);
  const auto expect_refused = [&](const std::string& collection, const std::string& id,
                                  const std::string& value) {
    const auto result = try_put(id, 0, value, collection);
    ASSERT_FALSE(result.has_value());
    EXPECT_EQ(result.error(), errors::kBadRequest);
  };
  expect_refused("c", long_name + "n", "v");
  expect_refused(long_name + "n", "a", "v");
  expect_refused("c", "a", large + "v");
  expect_refused("", "a", "v");
  expect_refused("c", "", "v");
  EXPECT_EQ(count(), 0U);
  const auto read = wait<Document>([&](auto done) { store().get("c", "", std::move(done)); });
  EXPECT_EQ(read.error(), errors::kBadRequest);
  const auto listed = wait<std::vector<NamedDocument>>([&](auto done) {
    store().list({"c", long_name + "n", 1}, std::move(done));
  });
  EXPECT_EQ(listed.error(), errors::kBadRequest);
}

TEST_P(DocumentContract, TellsEveryChangeInOrder) {
  ASSERT_TRUE(node_->run_until_ready());
  Changes changes(store());
  const PutResult first = put("a", 0, "1");
  put("a", 0, "never");
  const PutResult second = put("a", first.current.version, "2");
  put("a", second.current.version, "");
  put("missing", 0, "");
  put("b", 0, "3");
  ASSERT_TRUE(node_->run_until([&] { return changes.told.size() >= 4; }));
  EXPECT_THAT(changes.told, ElementsAre("c/a=1", "c/a=2", "c/a=-", "c/b=3"));
  EXPECT_EQ(changes.versions[1], second.current.version);
}

TEST_P(DocumentContract, LetsExactlyOneOfManyWritersWin) {
  int wins = 0;
  int answers = 0;
  for (int i = 0; i < 50; ++i) {
    store().put("c", "a", 0, std::to_string(i), [&](const auto& result) {
      ++answers;
      if (result && result->is_stored) ++wins;
    });
  }
  ASSERT_TRUE(node_->run_until([&] { return answers == 50; }));
  EXPECT_EQ(wins, 1);
  EXPECT_EQ(get("a").value, "0");
}

INSTANTIATE_TEST_SUITE_P(Every, DocumentContract, testing::every_broker(), testing::name_of_broker);

}  // namespace
}  // namespace chirm
