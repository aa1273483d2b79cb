// SPDX-License-Identifier: MIT
// What documents in a file promise beyond the contract: they outlive the process, and come to files
// of before there were any.

#include <gtest/gtest.h>

#include <string>

#include "tests/core/broker/document_client.h"
#include "tests/core/broker/sqlite/sqlite_file.h"

namespace chirm {
namespace {

using testing::DocumentClient;
using testing::SqliteBrokerFile;
using testing::text_of;

TEST_F(SqliteBrokerFile, KeepsDocumentsAndTheirVersions) {
  open();
  const std::uint64_t kept = DocumentClient(*node_).put("a", 0, "1").current.version;
  const std::uint64_t removed = DocumentClient(*node_).put("b", 0, "2").current.version;
  EXPECT_TRUE(DocumentClient(*node_).put("b", removed, "").is_stored);
  open();
  DocumentClient client(*node_);
  EXPECT_EQ(client.list(), "a=1");
  EXPECT_EQ(client.get("a").version, kept);
  EXPECT_GT(client.put("b", 0, "2").current.version, removed);
}

// The tables of version 1, as they were.
constexpr const char* kVersion1 = R"sql(
PRAGMA journal_mode = WAL;
CREATE TABLE setting(name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE channel(
  id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL UNIQUE, epoch TEXT NOT NULL,
  touched INTEGER NOT NULL);
CREATE TABLE publication(
  channel INTEGER NOT NULL REFERENCES channel(id) ON DELETE CASCADE,
  offset INTEGER NOT NULL, body TEXT NOT NULL, PRIMARY KEY(channel, offset)) WITHOUT ROWID;
CREATE TABLE message(
  seq INTEGER PRIMARY KEY, stored INTEGER NOT NULL, channel INTEGER NOT NULL,
  offset INTEGER NOT NULL, user TEXT NOT NULL, id TEXT NOT NULL);
INSERT INTO channel VALUES(1, 'room:a', 'epoch', 4000000000000);
INSERT INTO publication VALUES(1, 1, 'x'), (1, 2, 'y');
PRAGMA user_version = 1;
)sql";

TEST_F(SqliteBrokerFile, TakesAFileOfVersion1) {
  execute(kVersion1);
  open();
  EXPECT_EQ(text_of(history("room:a")), "1:x 2:y");
  EXPECT_EQ(publish("room:a", "z").epoch, "epoch");
  DocumentClient client(*node_);
  EXPECT_EQ(client.list(), "");
  EXPECT_TRUE(client.put("a", 0, "1").is_stored);
  open();
  EXPECT_EQ(text_of(history("room:a")), "1:x 2:y 3:z");
  EXPECT_EQ(DocumentClient(*node_).list(), "a=1");
}

TEST_F(SqliteBrokerFile, LosesNoneOfMoreChangesThanATransactionTakes) {
  open();
  int stored = 0;
  for (int i = 0; i < 5000; ++i) {
    node_->broker->documents().put("c", std::to_string(i), 0, "v", [&](const auto& result) {
      if (result && result->is_stored) ++stored;
    });
  }
  ASSERT_TRUE(node_->run_until([&] { return stored == 5000; }));
  EXPECT_EQ(DocumentClient(*node_).count(), 5000U);
  EXPECT_EQ(DocumentClient(*node_).clear(), 5000U);
}

}  // namespace
}  // namespace chirm
