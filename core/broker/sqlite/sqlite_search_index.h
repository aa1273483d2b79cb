// SPDX-License-Identifier: MIT
#pragma once
// The full-text index of an embedded store. A channel's messages come into it when the channel is
// searched: publishing costs nothing more. Private to core/broker.
//
//   search    FTS5 without contents: rowid → the words of a message, folded (search_text.h)
//   searched  channel → indexed behind `since` and up to `offset`
//
// A rowid is channel << 36 | offset. What retention deletes stays in the index until that is made
// anew; each hit is looked at in the log.

#include <cstdint>
#include <string>
#include <string_view>

#include "core/broker/sqlite/sqlite_channel_table.h"
#include "core/broker/sqlite/sqlite_database.h"
#include "core/broker/sqlite/sqlite_transaction.h"

namespace chirm {

// For the writer.
class SqliteSearchIndex {
 public:
  // The database must outlive it, and be open for writing.
  explicit SqliteSearchIndex(SqliteDatabase& database) : database_(database), table_(database) {}
  // Once, before all else.
  [[nodiscard]] Expected<void, Error> prepare();

  // Brings a part of what a channel has got into the index, in a transaction of its own; true when
  // there is more.
  [[nodiscard]] Expected<bool, Error> index(const std::string& channel);
  // Within a transaction, after a publication was rewritten. SQLITE_DONE or what went wrong.
  int reindex(std::int64_t channel, const SqliteRewrite& rewrite, std::string_view old_body);
  // When most of what is in the index is not in the log any more, it begins anew.
  [[nodiscard]] Expected<void, Error> forget_old();

 private:
  int index_some(const std::string& channel_name, bool& has_more);
  int indexed_until(std::int64_t channel, std::int64_t& offset);

  SqliteDatabase& database_;
  SqliteChannelTable table_;
  SqliteStatement read_indexed_, note_indexed_, read_to_index_, add_words_, remove_words_;
};

// For a reader.
class SqliteSearcher {
 public:
  // The database must outlive it, and be open for reading.
  explicit SqliteSearcher(SqliteDatabase& database) : database_(database), table_(database) {}
  // Once, before all else.
  [[nodiscard]] Expected<void, Error> prepare();

  // Finds what is in the index, as Broker::search() does.
  [[nodiscard]] Expected<SearchResult, Error> search(const SqliteSearch& search);

 private:
  int find_matches(std::int64_t channel, const SqliteSearch& search, SearchResult& result);

  SqliteDatabase& database_;
  SqliteChannelTable table_;
  SqliteStatement find_words_, find_publication_;
};

}  // namespace chirm
