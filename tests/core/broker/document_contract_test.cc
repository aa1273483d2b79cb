// SPDX-License-Identifier: MIT
// What document_store.h promises, on every store.

#include <gmock/gmock.h>

#include <string>

#include "tests/core/broker/broker_contract.h"
#include "tests/core/broker/document_client.h"

namespace chirm {
namespace {

using ::testing::ElementsAre;
using PutResult = DocumentStore::PutResult;

class DocumentContract : public testing::BrokerContract {
 protected:
  DocumentStore& store() { return node_->broker->documents(); }

  testing::DocumentClient client_{*node_};
};

TEST_P(DocumentContract, KeepsWhatIsPut) {
  EXPECT_EQ(client_.get("a").version, 0U);
  const PutResult stored = client_.put("a", 0, "{\"x\":1}");
  EXPECT_TRUE(stored.is_stored);
  EXPECT_GT(stored.current.version, 0U);
  EXPECT_EQ(stored.current.value, "{\"x\":1}");
  EXPECT_EQ(client_.get("a").version, stored.current.version);
  EXPECT_EQ(client_.get("a").value, "{\"x\":1}");
  EXPECT_EQ(client_.get("a", "other").version, 0U);
  EXPECT_EQ(client_.get("b").version, 0U);
}

TEST_P(DocumentContract, RefusesAPutOfAnotherVersionAndTellsWhatIsThere) {
  const PutResult first = client_.put("a", 0, "1");
  const PutResult refused = client_.put("a", 0, "2");
  EXPECT_FALSE(refused.is_stored);
  EXPECT_EQ(refused.current.version, first.current.version);
  EXPECT_EQ(refused.current.value, "1");
  const PutResult second = client_.put("a", first.current.version, "2");
  EXPECT_TRUE(second.is_stored);
  EXPECT_GT(second.current.version, first.current.version);
  EXPECT_FALSE(client_.put("a", first.current.version, "3").is_stored);
  EXPECT_FALSE(client_.put("b", 7, "3").is_stored);
  EXPECT_EQ(client_.list(), "a=2");
}

TEST_P(DocumentContract, RemovesWithAnEmptyValueAndGivesNoVersionTwice) {
  std::uint64_t version = client_.put("a", 0, "1").current.version;
  for (int i = 0; i < 3; ++i) {
    EXPECT_FALSE(client_.put("a", version + 1, "").is_stored);
    const PutResult removed = client_.put("a", version, "");
    EXPECT_TRUE(removed.is_stored);
    EXPECT_EQ(removed.current.version, 0U);
    EXPECT_EQ(client_.get("a").version, 0U);
    const PutResult again = client_.put("a", 0, "2");
    EXPECT_GT(again.current.version, version);
    version = again.current.version;
  }
  EXPECT_LT(version, std::uint64_t{1} << 53);
}

TEST_P(DocumentContract, ListsInTheByteOrderOfIds) {
  for (const char* id : {"b", "B", "a", "\xc3\xa4", "ab", "10", "9"}) client_.put(id, 0, "v");
  client_.put("z", 0, "v", "other");
  EXPECT_EQ(client_.list(), "10=v 9=v B=v a=v ab=v b=v \xc3\xa4=v");
  EXPECT_EQ(client_.list("", 2), "10=v 9=v");
  EXPECT_EQ(client_.list("9", 2), "B=v a=v");
  EXPECT_EQ(client_.list("aa"), "ab=v b=v \xc3\xa4=v");
  EXPECT_EQ(client_.list("\xc3\xa4"), "");
  EXPECT_EQ(client_.list("", 0), "");
  EXPECT_EQ(client_.count(), 7U);
  client_.put("9", client_.get("9").version, "");
  EXPECT_EQ(client_.count(), 6U);
  EXPECT_EQ(client_.list("", 2), "10=v B=v");
}

TEST_P(DocumentContract, ListsNoMoreThanItsMaximum) {
  int stored = 0;
  for (int i = 0; i < 1005; ++i) {
    store().put("c", std::to_string(10'000 + i), 0, "v", [&](const auto& result) {
      if (result && result->is_stored) ++stored;
    });
  }
  ASSERT_TRUE(node_->run_until([&] { return stored == 1005; }));
  const auto listed = client_.try_list({"c", "", 100'000});
  ASSERT_TRUE(listed.has_value());
  EXPECT_EQ(listed->size(), DocumentStore::kListMax);
  EXPECT_EQ(client_.list("11003"), "11004=v");
}

TEST_P(DocumentContract, ClearsACollectionAlone) {
  const std::uint64_t version = client_.put("a", 0, "1").current.version;
  client_.put("b", 0, "1");
  client_.put("a", 0, "1", "other");
  EXPECT_EQ(client_.clear(), 2U);
  EXPECT_EQ(client_.clear(), 0U);
  EXPECT_EQ(client_.count(), 0U);
  EXPECT_EQ(client_.list(), "");
  EXPECT_EQ(client_.list("", 10, "other"), "a=1");
  EXPECT_GT(client_.put("a", 0, "2").current.version, version);
}

TEST_P(DocumentContract, CarriesAnyBytes) {
  const std::string name("a\0b\r\n:{}\xff*", 10);
  const std::string value("\0\r\n:17:\xfe{}", 9);
  EXPECT_TRUE(client_.put(name, 0, value, name).is_stored);
  EXPECT_EQ(client_.get(name, name).value, value);
  EXPECT_EQ(client_.list("", 10, name), name + "=" + value);
}

TEST_P(DocumentContract, RefusesWhatIsTooLargeAndChangesNothing) {
  const std::string long_name(DocumentStore::kNameBytes, 'n');
  const std::string large(DocumentStore::kValueBytes, 'v');
  EXPECT_TRUE(client_.put(long_name, 0, large, long_name).is_stored);
  EXPECT_EQ(client_.get(long_name, long_name).value, large);
  const auto expect_refused = [&](const std::string& collection, const std::string& id,
                                  const std::string& value) {
    const auto result = client_.try_put(id, 0, value, collection);
    ASSERT_FALSE(result.has_value());
    EXPECT_EQ(result.error(), errors::kBadRequest);
  };
  expect_refused("c", long_name + "n", "v");
  expect_refused(long_name + "n", "a", "v");
  expect_refused("c", "a", large + "v");
  expect_refused("", "a", "v");
  expect_refused("c", "", "v");
  EXPECT_EQ(client_.count(), 0U);
  EXPECT_EQ(client_.try_get("").error(), errors::kBadRequest);
  EXPECT_EQ(client_.try_list({"c", long_name + "n", 1}).error(), errors::kBadRequest);
}

TEST_P(DocumentContract, TellsEveryChangeInOrder) {
  ASSERT_TRUE(node_->run_until_ready());
  testing::DocumentChanges changes(store());
  const PutResult first = client_.put("a", 0, "1");
  client_.put("a", 0, "never");
  const PutResult second = client_.put("a", first.current.version, "2");
  client_.put("a", second.current.version, "");
  client_.put("missing", 0, "");
  client_.put("b", 0, "3");
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
  EXPECT_EQ(client_.get("a").value, "0");
}

INSTANTIATE_TEST_SUITE_P(Every, DocumentContract, testing::every_broker(), testing::name_of_broker);

}  // namespace
}  // namespace chirm
