// SPDX-License-Identifier: MIT
#pragma once
// Copies a database while it is used.

#include <sqlite3.h>

#include <string>

#include "core/base/check.h"

namespace chirm::testing {

// As sqlite3's .backup and .restore do it: `to` becomes what `from` is.
inline void back_up(const std::string& from, const std::string& to) {
  sqlite3* source = nullptr;
  sqlite3* target = nullptr;
  CHIRM_CHECK(sqlite3_open(from.c_str(), &source) == SQLITE_OK, from);
  CHIRM_CHECK(sqlite3_open(to.c_str(), &target) == SQLITE_OK, to);
  sqlite3_backup* backup = sqlite3_backup_init(target, "main", source, "main");
  CHIRM_CHECK(backup != nullptr, sqlite3_errmsg(target));
  CHIRM_CHECK(sqlite3_backup_step(backup, -1) == SQLITE_DONE, sqlite3_errmsg(target));
  CHIRM_CHECK(sqlite3_backup_finish(backup) == SQLITE_OK, sqlite3_errmsg(target));
  sqlite3_close(target);
  sqlite3_close(source);
}

}  // namespace chirm::testing
