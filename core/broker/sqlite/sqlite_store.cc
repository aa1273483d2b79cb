// SPDX-License-Identifier: MIT
#include "core/broker/sqlite/sqlite_store.h"

#include <algorithm>

#include "core/broker/sqlite/sqlite_store_impl.h"

namespace chirm {

namespace {
constexpr std::size_t kEpochLength = 8;
// Rows that one retention step deletes from a table: some milliseconds.
constexpr std::int64_t kForgetRows = 5000;
// A channel is cut to its size each time that this many publications were added to it.
constexpr std::uint64_t kTrimEvery = 64;
constexpr std::size_t kKnownChannelsMax = 100'000;
// A channel's time of last use is written when it is older than this share of its time to live.
constexpr std::int64_t kTouchShare = 16;
}  // namespace

// ---- Writing

Expected<void, Error> SqliteStore::write(Transaction& transaction, const BrokerSettings& settings,
                                         std::int64_t now_ms) {
  Impl& db = *impl_;
  db.message_ids.forget_until(now_ms - static_cast<std::int64_t>(settings.idempotency_ttl_ms));
  db.message_ids_added = 0;
  int rc = db.begin.bind().step();
  for (Write& write : transaction.writes) {
    if (rc == SQLITE_DONE) rc = db.write_one(write, settings, now_ms);
  }
  for (Rewrite& rewrite : transaction.rewrites) {
    if (rc == SQLITE_DONE) rc = db.rewrite_one(rewrite);
  }
  for (DocumentChange& change : transaction.documents) {
    if (rc == SQLITE_DONE) rc = db.change(change);
  }
  if (rc == SQLITE_DONE) rc = db.commit.bind().step();
  if (rc == SQLITE_DONE) return {};
  const Error failed = db.error("write failed");
  // SQLite has rolled back itself after some errors.
  if (sqlite3_get_autocommit(db.database.get()) == 0) (void)db.rollback.bind().step();
  db.channels.clear();
  db.message_ids.take_back(db.message_ids_added);
  return Unexpected<Error>(failed);
}

void SqliteStore::look(std::vector<Write>& writes) {
  for (Write& write : writes) {
    write.position = {};
    if (write.body.empty() && impl_->look_at(write) != SQLITE_DONE) write.position = {};
  }
}

int SqliteStore::Impl::look_at(Write& write) {
  int rc = find_channel.bind(std::string_view(write.channel)).step();
  if (rc == SQLITE_ROW) {
    write.position.epoch = find_channel.text(1);
    rc = read_top.bind(find_channel.number(0)).step();
    if (rc == SQLITE_ROW) {
      write.position.offset = static_cast<std::uint64_t>(read_top.number(0));
      rc = SQLITE_DONE;
    }
    read_top.reset();
  }
  find_channel.reset();
  return rc;
}

Expected<void, Error> SqliteStore::probe() {
  constexpr const char* kWrite = "INSERT OR REPLACE INTO setting VALUES('probe', zeroblob(65536))";
  const auto written = impl_->run(kWrite, "write failed");
  if (!written) return written;
  return impl_->run("DELETE FROM setting WHERE name = 'probe'", "write failed");
}

// Returns SQLITE_DONE or what went wrong, as the two below do.
int SqliteStore::Impl::find_or_add(const std::string& name, std::int64_t now_ms, Channel*& found) {
  if (const auto known = channels.find(name); known != channels.end()) {
    found = &known->second;
    return SQLITE_DONE;
  }
  if (channels.size() >= kKnownChannelsMax) channels.clear();
  Channel channel{};
  int rc = find_channel.bind(std::string_view(name)).step();
  if (rc == SQLITE_ROW) {
    channel = {find_channel.number(0), std::string(find_channel.text(1)), 0,
               find_channel.number(2)};
    find_channel.reset();
    rc = read_top.bind(channel.id).step();
    if (rc != SQLITE_ROW) return rc;
    channel.top = static_cast<std::uint64_t>(read_top.number(0));
    read_top.reset();
  } else if (rc == SQLITE_DONE) {
    channel = {0, random.name(kEpochLength), 0, now_ms};
    rc = add_channel.bind(std::string_view(name), std::string_view(channel.epoch), now_ms).step();
    if (rc != SQLITE_DONE) return rc;
    channel.id = sqlite3_last_insert_rowid(database.get());
  } else {
    return rc;
  }
  found = &channels.insert_or_assign(name, std::move(channel)).first->second;
  return SQLITE_DONE;
}

int SqliteStore::Impl::write_one(Write& write, const BrokerSettings& settings,
                                 std::int64_t now_ms) {
  Channel* channel = nullptr;
  int rc = find_or_add(write.channel, now_ms, channel);
  if (rc != SQLITE_DONE) return rc;
  write.position = {channel->top, channel->epoch};
  if (write.body.empty()) return SQLITE_DONE;

  std::string key;
  if (!write.message_id.empty()) {
    key = message_key(channel->id, write.user, write.message_id);
    if (const auto first = message_ids.find(key)) {
      write.is_repetition = true;
      write.position.offset = *first;
      return SQLITE_DONE;
    }
  }
  const std::uint64_t offset = channel->top + 1;
  rc = add_publication.bind(channel->id, offset, std::string_view(write.body)).step();
  if (rc == SQLITE_DONE && !key.empty()) {
    rc = add_message
             .bind(now_ms, channel->id, offset, std::string_view(write.user),
                   std::string_view(write.message_id))
             .step();
  }
  const auto ttl_ms = static_cast<std::int64_t>(settings.history_ttl_ms);
  if (rc == SQLITE_DONE && now_ms - channel->touched_ms > ttl_ms / kTouchShare) {
    rc = touch.bind(now_ms, channel->id).step();
    channel->touched_ms = now_ms;
  }
  if (rc == SQLITE_DONE && offset % kTrimEvery == 0 && offset > settings.history_size) {
    rc = trim.bind(channel->id, offset - settings.history_size).step();
  }
  if (rc != SQLITE_DONE) return rc;
  if (!key.empty()) {
    message_ids.add(std::move(key), offset, now_ms);
    ++message_ids_added;
  }
  write.position.offset = channel->top = offset;
  return SQLITE_DONE;
}

int SqliteStore::Impl::rewrite_one(Rewrite& rewrite) {
  int rc = find_channel.bind(std::string_view(rewrite.channel)).step();
  const std::int64_t channel = find_channel.number(0);
  const bool is_found =
      rc == SQLITE_ROW && (rewrite.epoch.empty() || find_channel.text(1) == rewrite.epoch);
  find_channel.reset();
  if (!is_found) return rc == SQLITE_ROW ? SQLITE_DONE : rc;
  std::string old_body;
  rc = find_publication.bind(channel, rewrite.offset).step();
  if (rc == SQLITE_ROW) {
    old_body = find_publication.text(0);
    const bool is_expected = rewrite.expected.empty() || old_body == rewrite.expected;
    rewrite.result = is_expected ? Rewritten::kDone : Rewritten::kChanged;
  }
  find_publication.reset();
  if (rc != SQLITE_ROW) return rc;
  if (rewrite.result != Rewritten::kDone) return SQLITE_DONE;
  rc = replace_body.bind(std::string_view(rewrite.body), channel, rewrite.offset).step();
  return rc == SQLITE_DONE ? reindex(channel, rewrite, old_body) : rc;
}

Expected<bool, Error> SqliteStore::forget_old(const BrokerSettings& settings, std::int64_t now_ms) {
  Impl& db = *impl_;
  const auto ttl_ms = static_cast<std::int64_t>(settings.history_ttl_ms);
  const auto message_ttl_ms = static_cast<std::int64_t>(settings.idempotency_ttl_ms);
  if (db.forget_messages.bind(kForgetRows, now_ms - message_ttl_ms).step() != SQLITE_DONE) {
    return Unexpected<Error>(db.error("deleting old message ids failed"));
  }
  const bool has_more = sqlite3_changes(db.database.get()) == kForgetRows;
  if (db.forget_channels.bind(now_ms - ttl_ms - ttl_ms / kTouchShare).step() != SQLITE_DONE) {
    return Unexpected<Error>(db.error("deleting old channels failed"));
  }
  const bool has_forgotten = sqlite3_changes(db.database.get()) > 0;
  if (has_forgotten) db.channels.clear();
  if (const auto done = db.forget_index(); !done) return Unexpected<Error>(done.error());
  return has_more || has_forgotten;
}

// ---- Reading

Expected<History, Error> SqliteStore::read(const Range& range) {
  Impl& db = *impl_;
  History history;
  if (db.begin.bind().step() != SQLITE_DONE) return Unexpected<Error>(db.error("read failed"));
  int rc = db.find_channel.bind(std::string_view(range.channel)).step();
  if (rc == SQLITE_ROW) {
    const std::int64_t channel = db.find_channel.number(0);
    history.top.epoch = db.find_channel.text(1);
    if ((rc = db.read_top.bind(channel).step()) == SQLITE_ROW) {
      history.top.offset = static_cast<std::uint64_t>(db.read_top.number(0));
    }
    db.read_top.reset();
  }
  if (rc == SQLITE_ROW) {
    const std::int64_t channel = db.find_channel.number(0);
    const bool is_from_top = range.reverse && range.since == 0;
    const std::uint64_t since = is_from_top ? history.top.offset + 1 : range.since;
    SqliteStatement& read = range.reverse ? db.read_backward : db.read_forward;
    read.bind(channel, since, std::int64_t{range.limit});
    std::size_t bytes_left = range.bytes_max;
    while ((rc = bytes_left > 0 ? read.step() : SQLITE_DONE) == SQLITE_ROW) {
      const std::string_view body = read.text(1);
      history.publications.push_back(
          {static_cast<std::uint64_t>(read.number(0)), std::string(body)});
      bytes_left -= std::min(bytes_left, body.size());
    }
    read.reset();
  }
  const Error failed = db.error("read failed");
  db.find_channel.reset();
  (void)db.commit.bind().step();  // of a transaction that only read
  if (rc != SQLITE_DONE) return Unexpected<Error>(failed);
  return history;
}

}  // namespace chirm
