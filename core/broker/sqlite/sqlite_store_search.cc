// SPDX-License-Identifier: MIT
// The full-text index of an embedded store. A channel's messages come into it when the channel is
// searched: publishing costs nothing more.
//
//   search    FTS5 without contents: rowid → the words of a message, folded (search_text.h)
//   searched  channel → indexed behind `since` and up to `offset`
//
// A rowid is channel << 36 | offset. What retention deletes stays in the index until that is made
// anew; each hit is looked at in the log.

#include "core/broker/search_text.h"
#include "core/broker/sqlite/sqlite_store_impl.h"

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

Expected<bool, Error> SqliteStore::index(const std::string& channel_name) {
  Impl& db = *impl_;
  int rc = db.begin.bind().step();
  bool has_more = false;
  if (rc == SQLITE_DONE) rc = db.index_some(channel_name, has_more);
  if (rc == SQLITE_DONE) rc = db.commit.bind().step();
  if (rc == SQLITE_DONE) return has_more;
  const Error failed = db.error("indexing failed");
  if (sqlite3_get_autocommit(db.database.get()) == 0) (void)db.rollback.bind().step();
  return Unexpected<Error>(failed);
}

int SqliteStore::Impl::index_some(const std::string& channel_name, bool& has_more) {
  int rc = find_channel.bind(std::string_view(channel_name)).step();
  const std::int64_t channel = find_channel.number(0);
  find_channel.reset();
  if (rc != SQLITE_ROW) return rc;
  std::int64_t indexed = 0;
  if ((rc = indexed_until(channel, indexed)) != SQLITE_DONE) return rc;
  std::vector<Publication> some;
  read_to_index.bind(channel, indexed, kIndexedAtOnce);
  while ((rc = read_to_index.step()) == SQLITE_ROW) {
    some.push_back(
        {static_cast<std::uint64_t>(read_to_index.number(0)), std::string(read_to_index.text(1))});
  }
  read_to_index.reset();
  has_more = some.size() == static_cast<std::size_t>(kIndexedAtOnce);
  for (const Publication& one : some) {
    if (rc != SQLITE_DONE) return rc;
    indexed = static_cast<std::int64_t>(one.offset);
    const std::string words = words_of(one.body);
    const bool is_indexable = !words.empty() && indexed <= kOffsetMax && channel < kChannelMax;
    if (is_indexable) rc = add_words.bind(row_of(channel, indexed), std::string_view(words)).step();
  }
  if (rc != SQLITE_DONE || some.empty()) return rc;
  const auto since = static_cast<std::int64_t>(some.front().offset) - 1;
  return note_indexed.bind(channel, since, indexed).step();
}

int SqliteStore::Impl::indexed_until(std::int64_t channel, std::int64_t& offset) {
  const int rc = read_indexed.bind(channel).step();
  offset = rc == SQLITE_ROW ? read_indexed.number(0) : 0;
  read_indexed.reset();
  return rc == SQLITE_ROW ? SQLITE_DONE : rc;
}

// The words that were put in must be named to be taken out.
int SqliteStore::Impl::reindex(std::int64_t channel, const Rewrite& rewrite,
                               std::string_view old_body) {
  std::int64_t indexed = 0;
  const auto offset = static_cast<std::int64_t>(rewrite.offset);
  int rc = indexed_until(channel, indexed);
  if (rc != SQLITE_DONE || offset > indexed || channel >= kChannelMax) return rc;
  const std::string before = words_of(old_body);
  const std::string after = words_of(rewrite.body);
  const std::int64_t row = row_of(channel, offset);
  if (!before.empty()) rc = remove_words.bind(row, std::string_view(before)).step();
  if (rc == SQLITE_DONE && !after.empty()) {
    rc = add_words.bind(row, std::string_view(after)).step();
  }
  return rc;
}

// When most of what is in the index is not in the log any more, it begins anew.
Expected<void, Error> SqliteStore::Impl::forget_index() {
  constexpr std::int64_t kWorthIt = 20'000;
  const auto stale =
      ask("SELECT coalesce(sum(coalesce((SELECT min(offset) - 1 FROM publication WHERE "
          "channel = searched.channel), offset) - since), 0) FROM searched");
  const auto all = ask("SELECT coalesce(sum(offset - since), 0) FROM searched");
  if (!stale || !all) return Unexpected<Error>(error("cannot be read"));
  if (*stale < kWorthIt || *stale < *all / 2) return {};
  const auto done =
      run("BEGIN IMMEDIATE; INSERT INTO search(search) VALUES('delete-all'); DELETE FROM searched; "
          "COMMIT",
          "deleting the index failed");
  if (sqlite3_get_autocommit(database.get()) == 0) (void)rollback.bind().step();
  return done;
}

Expected<SearchResult, Error> SqliteStore::search(const Search& search) {
  Impl& db = *impl_;
  if (db.begin.bind().step() != SQLITE_DONE) return Unexpected<Error>(db.error("search failed"));
  SearchResult result;
  int rc = db.find_channel.bind(std::string_view(search.channel)).step();
  const std::int64_t channel = db.find_channel.number(0);
  db.find_channel.reset();
  if (rc == SQLITE_ROW) rc = db.find_matches(channel, search, result);
  const Error failed = db.error("search failed");
  (void)db.commit.bind().step();  // of a transaction that only read
  if (rc != SQLITE_DONE) return Unexpected<Error>(failed);
  return result;
}

int SqliteStore::Impl::find_matches(std::int64_t channel, const Search& search,
                                    SearchResult& result) {
  const std::string match = match_of(search.words);
  const bool is_from_top = search.before == 0 || search.before > std::uint64_t{kOffsetMax};
  const std::int64_t end = is_from_top ? kOffsetMax : static_cast<std::int64_t>(search.before) - 1;
  find_words.bind(std::string_view(match), row_of(channel, 0), row_of(channel, end));
  int rc = SQLITE_ROW;
  while (rc == SQLITE_ROW && result.next == 0 && (rc = find_words.step()) == SQLITE_ROW) {
    const auto offset = static_cast<std::uint64_t>(find_words.number(0) & kOffsetMax);
    const int found = find_publication.bind(channel, offset).step();
    if (found == SQLITE_ROW) {
      std::string body(find_publication.text(0));
      if (has_words(message_text(body), search.words)) {
        result.publications.push_back({offset, std::move(body)});
      }
    }
    find_publication.reset();
    if (found != SQLITE_ROW && found != SQLITE_DONE) rc = found;
    if (result.publications.size() == search.limit) result.next = offset;
  }
  find_words.reset();
  return rc == SQLITE_ROW ? SQLITE_DONE : rc;
}

}  // namespace chirm
