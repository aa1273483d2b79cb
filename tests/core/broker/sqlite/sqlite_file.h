// SPDX-License-Identifier: MIT
#pragma once
// The fixture of the tests of the store in a file.

#include <gtest/gtest.h>
#include <sqlite3.h>

#include <cstdint>
#include <memory>
#include <string>
#include <utility>

#include "core/broker/broker.h"
#include "core/broker/broker_settings.h"
#include "core/broker/sqlite/sqlite_broker.h"
#include "core/loop/loop.h"
#include "tests/core/broker/broker_node.h"
#include "tests/support/sqlite_backup.h"
#include "tests/support/temp_directory.h"

namespace chirm::testing {

class SqliteFile : public ::testing::Test {
 protected:
  // Changes the file behind the store's back.
  void execute(const std::string& sql) {
    sqlite3* database = nullptr;
    ASSERT_EQ(sqlite3_open(path_.c_str(), &database), SQLITE_OK);
    EXPECT_EQ(sqlite3_exec(database, sql.c_str(), nullptr, nullptr, nullptr), SQLITE_OK)
        << sqlite3_errmsg(database);
    sqlite3_close(database);
  }
  // Of a table, or of "table WHERE …".
  std::int64_t count_rows(const std::string& table) {
    sqlite3* database = nullptr;
    sqlite3_stmt* statement = nullptr;
    const std::string sql = "SELECT count(*) FROM " + table;
    EXPECT_EQ(sqlite3_open(path_.c_str(), &database), SQLITE_OK);
    EXPECT_EQ(sqlite3_prepare_v2(database, sql.c_str(), -1, &statement, nullptr), SQLITE_OK);
    EXPECT_EQ(sqlite3_step(statement), SQLITE_ROW);
    const std::int64_t count = sqlite3_column_int64(statement, 0);
    sqlite3_finalize(statement);
    sqlite3_close(database);
    return count;
  }

  testing::TempDirectory directory_;
  const std::string path_ = directory_.path() + "/store.db";
  BrokerSettings settings_;
};

// Publications as "offset:body", in the order that they came in.
inline std::string text_of(const History& history) {
  std::string text;
  for (const Publication& one : history.publications) {
    text += (text.empty() ? "" : " ") + std::to_string(one.offset) + ":" + one.body;
  }
  return text;
}

class SqliteBrokerFile : public SqliteFile {
 protected:
  void open(StoreSync sync = StoreSync::kFull) {
    close();
    auto broker = SqliteBroker::open(loop_, path_, sync, settings_);
    ASSERT_TRUE(broker.has_value()) << broker.error().message;
    node_ = std::make_unique<BrokerNode>(loop_, std::move(*broker));
  }
  // What is on the disk then is finished: only then is the file free.
  void close() {
    node_.reset();
    loop_.run_until_closed();
  }

  Position publish(const std::string& channel, const std::string& body,
                   const std::string& message_id = "") {
    const auto position = node_->publish({channel, body, "ada", message_id});
    EXPECT_TRUE(position && *position);
    return position && *position ? **position : Position{};
  }
  void expect_refused(const std::string& channel, const std::string& message_id = "") {
    const auto answer = node_->publish({channel, "refused", "ada", message_id});
    ASSERT_TRUE(answer.has_value());
    ASSERT_FALSE(answer->has_value());
    EXPECT_EQ(answer->error(), errors::kInternal);
  }
  History history(const std::string& channel) {
    const auto history = node_->history({channel, 0, 100'000, false});
    EXPECT_TRUE(history && *history);
    return history && *history ? **history : History{};
  }

  Loop loop_;
  std::unique_ptr<BrokerNode> node_;
};

}  // namespace chirm::testing
