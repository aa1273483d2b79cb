// SPDX-License-Identifier: MIT
// The full-text index in the file: it catches up when it is asked, follows the log, and does not
// outgrow it.

#include <gtest/gtest.h>

#include <string>

#include "core/broker/sqlite/sqlite_store.h"
#include "tests/core/broker/sqlite/sqlite_file.h"

namespace chirm {
namespace {

using testing::SqliteBrokerFile;

class SqliteSearchTest : public SqliteBrokerFile {
 protected:
  void say_many(int from, int to) {
    int answers = 0;
    for (int i = from; i <= to; ++i) {
      const std::string body =
          R"("data":{"type":"message","text":"word)" + std::to_string(i) + R"( hello"})";
      node_->broker->publish({"room:a", body, "", ""}, [&](const auto&) { ++answers; });
    }
    ASSERT_TRUE(node_->run_until([&] { return answers == to - from + 1; }));
  }
  // The offset of the newest that is found, 0: none.
  std::uint64_t find(const std::string& query) {
    const auto found = node_->search({"room:a", query, 0, 1});
    EXPECT_TRUE(found && *found);
    if (!found || !*found || (*found)->publications.empty()) return 0;
    return (*found)->publications.front().offset;
  }
};

TEST_F(SqliteSearchTest, CatchesUpWhenItIsAsked) {
  open();
  say_many(1, 2500);  // more than a transaction indexes
  EXPECT_EQ(count_rows("searched"), 0);
  EXPECT_EQ(find("word1"), 1999U);  // the newest that begins so
  EXPECT_EQ(find("word2500"), 2500U);
  EXPECT_EQ(count_rows("searched"), 1);
  say_many(2501, 2600);
  EXPECT_EQ(find("word2600"), 2600U);
  open();
  EXPECT_EQ(find("word42 hello"), 429U);
  EXPECT_EQ(find("nothing"), 0U);
}

TEST_F(SqliteSearchTest, BeginsAnewWhenMostOfItIsGoneFromTheLog) {
  settings_.history_size = 1000;
  open();
  for (int from = 1; from < 30'000; from += 1500) {
    say_many(from, from + 1499);
    EXPECT_EQ(find("word" + std::to_string(from + 1499)), static_cast<std::uint64_t>(from) + 1499);
  }
  auto store = std::move(node_);
  store.reset();
  {
    auto writer = SqliteStoreWriter::open(path_, StoreSync::kFull);
    ASSERT_TRUE(writer.has_value());
    ASSERT_TRUE((*writer)->forget_old(settings_, loop_.unix_ms()).has_value());
  }
  EXPECT_EQ(count_rows("searched"), 0);
  open();
  EXPECT_EQ(find("word30000"), 30'000U);
  EXPECT_EQ(find("word12 hello"), 0U);
}

TEST_F(SqliteSearchTest, FindsNothingOfAChannelThatIsNoMore) {
  open();
  say_many(1, 10);
  EXPECT_EQ(find("hello"), 10U);
  const auto found = node_->search({"room:unknown", "hello", 0, 1});
  ASSERT_TRUE(found && *found);
  EXPECT_TRUE((*found)->publications.empty());
  close();
  execute("PRAGMA foreign_keys = ON; DELETE FROM channel");
  open();
  EXPECT_EQ(find("hello"), 0U);
  say_many(1, 1);
  EXPECT_EQ(find("hello"), 1U);
}

}  // namespace
}  // namespace chirm
