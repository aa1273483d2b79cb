// SPDX-License-Identifier: MIT
#pragma once
// Copies a database while it is used.

#include <gtest/gtest.h>
#include <sqlite3.h>

#include <string>

namespace chirm::testing {

// As sqlite3's .backup and .restore do it: `to` becomes what `from` is.
inline void back_up(const std::string& from, const std::string& to) {
  sqlite3* source = nullptr;
  sqlite3* target = nullptr;
  ASSERT_EQ(sqlite3_open(from.c_str(), &source), SQLITE_OK);
  ASSERT_EQ(sqlite3_open(to.c_str(), &target), SQLITE_OK);
  sqlite3_backup* backup = sqlite3_backup_init(target, "main", source, "main");
  ASSERT_NE(backup, nullptr) << sqlite3_errmsg(target);
  EXPECT_EQ(sqlite3_backup_step(backup, -1), SQLITE_DONE);
  EXPECT_EQ(sqlite3_backup_finish(backup), SQLITE_OK);
  sqlite3_close(target);
  sqlite3_close(source);
}

}  // namespace chirm::testing
