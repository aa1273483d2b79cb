// SPDX-License-Identifier: MIT
#include "core/broker/sqlite/sqlite_search_index.h"

#include <utility>
#include <vector>

#include "core/base/check.h"
#include "core/broker/search_text.h"

namespace chirm {

namespace {

constexpr int kOffsetBits = 36;
constexpr std::int64_t kOffsetMax = (std::int64_t{1} << kOffsetBits) - 1;
constexpr std::int64_t kChannelMax = std::int64_t{1} << (62 - kOffsetBits);
// Of one transaction: some ten milliseconds, in which publishes wait.
constexpr std::int64_t kIndexedAtOnce = 1000;

std::int64_t row_of(std::int64_t channel, std::int64_t offset) {
  return channel << kOffsetBits | offset;
}

std::string words_of(std::string_view body) {
  std::string joined;
  for (const std::string& word : folded_words(message_text(body))) {
    joined += (joined.empty() ? "" : " ") + word;
  }
  return joined;
}

// Words have letters and digits only, so none can end the quotes.
std::string match_of(const std::vector<std::string>& words) {
  std::string query;
  for (const std::string& word : words) {
    query += query.empty() ? "\"" : " AND \"";
    query += word + "\"*";
  }
  return query;
}

}  // namespace

// ---- Writing

Expected<void, Error> SqliteSearchIndex::prepare() {
  const auto done = table_.prepare();
  if (!done) return done;
  return database_.prepare(
      {{read_indexed_, "SELECT offset FROM searched WHERE channel = ?"},
       {note_indexed_,
        "INSERT INTO searched VALUES(?, ?, ?) ON CONFLICT(channel) "
        "DO UPDATE SET offset = excluded.offset"},
       {read_to_index_,
        "SELECT offset, body FROM publication WHERE channel = ? AND "
        "offset > ? ORDER BY offset LIMIT ?"},
       {add_words_, "INSERT INTO search(rowid, words) VALUES(?, ?)"},
       {remove_words_, "INSERT INTO search(search, rowid, words) VALUES('delete', ?, ?)"}});
}

Expected<bool, Error> SqliteSearchIndex::index(const std::string& channel) {
  int rc = database_.begin();
  bool has_more = false;
  if (rc == SQLITE_DONE) rc = index_some(channel, has_more);
  if (rc == SQLITE_DONE) rc = database_.commit();
  if (rc == SQLITE_DONE) return has_more;
  const Error failed = database_.error("indexing failed");
  database_.roll_back();
  return Unexpected<Error>(failed);
}

int SqliteSearchIndex::index_some(const std::string& channel_name, bool& has_more) {
  SqliteChannelTable::Row row;
  int rc = table_.find(channel_name, row);
  if (rc != SQLITE_ROW) return rc;
  const std::int64_t channel = row.id;
  std::int64_t indexed = 0;
  if ((rc = indexed_until(channel, indexed)) != SQLITE_DONE) return rc;
  std::vector<Publication> some;
  read_to_index_.bind(channel, indexed, kIndexedAtOnce);
  while ((rc = read_to_index_.step()) == SQLITE_ROW) {
    some.push_back({static_cast<std::uint64_t>(read_to_index_.number(0)),
                    std::string(read_to_index_.text(1))});
  }
  read_to_index_.reset();
  has_more = some.size() == static_cast<std::size_t>(kIndexedAtOnce);
  for (const Publication& one : some) {
    if (rc != SQLITE_DONE) return rc;
    indexed = static_cast<std::int64_t>(one.offset);
    const std::string words = words_of(one.body);
    const bool is_indexable = !words.empty() && indexed <= kOffsetMax && channel < kChannelMax;
    if (is_indexable)
      rc = add_words_.bind(row_of(channel, indexed), std::string_view(words)).step();
  }
  if (rc != SQLITE_DONE || some.empty()) return rc;
  const auto since = static_cast<std::int64_t>(some.front().offset) - 1;
  return note_indexed_.bind(channel, since, indexed).step();
}

int SqliteSearchIndex::indexed_until(std::int64_t channel, std::int64_t& offset) {
  const int rc = read_indexed_.bind(channel).step();
  offset = rc == SQLITE_ROW ? read_indexed_.number(0) : 0;
  read_indexed_.reset();
  return rc == SQLITE_ROW ? SQLITE_DONE : rc;
}

// The words that were put in must be named to be taken out.
int SqliteSearchIndex::reindex(std::int64_t channel, const SqliteRewrite& rewrite,
                               std::string_view old_body) {
  std::int64_t indexed = 0;
  const auto offset = static_cast<std::int64_t>(rewrite.offset);
  int rc = indexed_until(channel, indexed);
  if (rc != SQLITE_DONE || offset > indexed || channel >= kChannelMax) return rc;
  const std::string before = words_of(old_body);
  const std::string after = words_of(rewrite.body);
  const std::int64_t row = row_of(channel, offset);
  if (!before.empty()) rc = remove_words_.bind(row, std::string_view(before)).step();
  if (rc == SQLITE_DONE && !after.empty()) {
    rc = add_words_.bind(row, std::string_view(after)).step();
  }
  return rc;
}

// Its contents cannot be deleted by channel or age without naming each word: so all of it goes, and
// comes back channel by channel as they are searched.
Expected<void, Error> SqliteSearchIndex::forget_old() {
  constexpr std::int64_t kWorthIt = 20'000;
  const auto stale = database_.ask(
      "SELECT coalesce(sum(coalesce((SELECT min(offset) - 1 FROM publication WHERE "
      "channel = searched.channel), offset) - since), 0) FROM searched");
  const auto all = database_.ask("SELECT coalesce(sum(offset - since), 0) FROM searched");
  if (!stale || !all) return Unexpected<Error>(database_.error("cannot be read"));
  if (*stale < kWorthIt || *stale < *all / 2) return {};
  const auto done = database_.run(
      "BEGIN IMMEDIATE; INSERT INTO search(search) VALUES('delete-all'); DELETE FROM searched; "
      "COMMIT",
      "deleting the index failed");
  database_.roll_back();
  return done;
}

// ---- Reading

Expected<void, Error> SqliteSearcher::prepare() {
  const auto done = table_.prepare();
  if (!done) return done;
  return database_.prepare(
      {{find_words_,
        "SELECT rowid FROM search WHERE search MATCH ? AND rowid BETWEEN ? AND ? "
        "ORDER BY rowid DESC"},
       {find_publication_, SqliteDatabase::kFindPublication}});
}

Expected<SearchResult, Error> SqliteSearcher::search(const SqliteSearch& search) {
  CHIRM_CHECK(!search.words.empty() && search.limit > 0, search.limit);
  if (database_.begin() != SQLITE_DONE) return Unexpected<Error>(database_.error("search failed"));
  SearchResult result;
  SqliteChannelTable::Row channel;
  int rc = table_.find(search.channel, channel);
  if (rc == SQLITE_ROW) rc = find_matches(channel.id, search, result);
  const Error failed = database_.error("search failed");
  (void)database_.commit();  // of a transaction that only read
  if (rc != SQLITE_DONE) return Unexpected<Error>(failed);
  return result;
}

// The log has the last word: the index still has what retention has deleted, and may hold the words
// that a message had before it was rewritten for a moment.
int SqliteSearcher::find_matches(std::int64_t channel, const SqliteSearch& search,
                                 SearchResult& result) {
  const std::string match = match_of(search.words);
  const bool is_from_top = search.before == 0 || search.before > std::uint64_t{kOffsetMax};
  const std::int64_t end = is_from_top ? kOffsetMax : static_cast<std::int64_t>(search.before) - 1;
  find_words_.bind(std::string_view(match), row_of(channel, 0), row_of(channel, end));
  int rc = SQLITE_ROW;
  while (rc == SQLITE_ROW && result.next == 0 && (rc = find_words_.step()) == SQLITE_ROW) {
    const auto offset = static_cast<std::uint64_t>(find_words_.number(0) & kOffsetMax);
    const int found = find_publication_.bind(channel, offset).step();
    if (found == SQLITE_ROW) {
      std::string body(find_publication_.text(0));
      if (has_words(message_text(body), search.words)) {
        result.publications.push_back({offset, std::move(body)});
      }
    }
    find_publication_.reset();
    if (found != SQLITE_ROW && found != SQLITE_DONE) rc = found;
    if (result.publications.size() == search.limit) result.next = offset;
  }
  find_words_.reset();
  return rc == SQLITE_ROW ? SQLITE_DONE : rc;
}

}  // namespace chirm
