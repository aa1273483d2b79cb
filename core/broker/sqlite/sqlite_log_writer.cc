// SPDX-License-Identifier: MIT
#include "core/broker/sqlite/sqlite_log_writer.h"

#include <utility>

namespace chirm {

namespace {
constexpr std::size_t kEpochLength = 8;
// Rows that one retention step deletes from a table: some milliseconds, in which publishes wait.
constexpr std::int64_t kForgetRows = 5000;
// A channel is cut to its size each time that this many publications were added to it: deleting one
// row with each insert would double the work.
constexpr std::uint64_t kTrimEvery = 64;
// Beyond, all are forgotten at once: they come back with a query each, as they are used.
constexpr std::size_t kKnownChannelsMax = 100'000;
// A channel's time of last use is written when it is older than this share of its time to live, and
// not with each publication.
constexpr std::int64_t kTouchShare = 16;
}  // namespace

Expected<void, Error> SqliteLogWriter::prepare() {
  auto done = table_.prepare();
  if (!done) return done;
  done = database_.prepare(
      {{add_channel_, "INSERT INTO channel(name, epoch, touched) VALUES(?, ?, ?)"},
       {touch_, "UPDATE channel SET touched = ? WHERE id = ?"},
       {add_publication_, "INSERT INTO publication VALUES(?, ?, ?)"},
       {trim_, "DELETE FROM publication WHERE channel = ? AND offset <= ?"},
       {find_publication_, SqliteDatabase::kFindPublication},
       {replace_body_, "UPDATE publication SET body = ? WHERE channel = ? AND offset = ?"},
       // One at a time: a channel's publications go with it, and may be thousands.
       {forget_channels_,
        "DELETE FROM channel WHERE id IN "
        "(SELECT id FROM channel WHERE touched <= ? LIMIT 1)"}});
  return done ? messages_.load() : done;
}

void SqliteLogWriter::begin_transaction(const BrokerSettings& settings, std::int64_t now_ms) {
  newest_ = {};
  messages_.begin_transaction(now_ms - static_cast<std::int64_t>(settings.idempotency_ttl_ms));
}

// Which channels the transaction has touched is not known any more: all are asked for again.
void SqliteLogWriter::roll_back() {
  channels_.clear();
  messages_.roll_back();
}

void SqliteLogWriter::look(std::vector<SqliteWrite>& writes) {
  for (SqliteWrite& write : writes) {
    write.position = {};
    if (write.body.empty() && look_at(write) != SQLITE_DONE) write.position = {};
  }
}

// The position of a channel that exists; SQLITE_DONE also when it does not.
int SqliteLogWriter::look_at(SqliteWrite& write) {
  SqliteChannelTable::Row row;
  int rc = table_.find(write.channel, row);
  if (rc == SQLITE_ROW) rc = table_.read_top(row.id, write.position.offset);
  if (rc != SQLITE_ROW) return rc;
  write.position.epoch = std::move(row.epoch);
  return table_.read_ancestors(row.id, write.position.ancestors);
}

int SqliteLogWriter::find_or_add(const std::string& name, std::int64_t now_ms, Channel*& found) {
  if (const auto known = channels_.find(name); known != channels_.end()) {
    found = &known->second;
    return SQLITE_DONE;
  }
  if (channels_.size() >= kKnownChannelsMax) channels_.clear();
  SqliteChannelTable::Row row;
  std::uint64_t top = 0;
  int rc = table_.find(name, row);
  if (rc == SQLITE_ROW) {
    rc = table_.read_top(row.id, top);
    if (rc != SQLITE_ROW) return rc;
  } else if (rc == SQLITE_DONE) {
    row = {0, random_.name(kEpochLength), now_ms};
    rc = add_channel_.bind(std::string_view(name), std::string_view(row.epoch), now_ms).step();
    if (rc != SQLITE_DONE) return rc;
    row.id = database_.last_row();
  } else {
    return rc;
  }
  Channel channel{row.id, std::move(row.epoch), top, row.touched_ms};
  found = &channels_.insert_or_assign(name, std::move(channel)).first->second;
  return SQLITE_DONE;
}

int SqliteLogWriter::write(SqliteWrite& write, const BrokerSettings& settings,
                           std::int64_t now_ms) {
  Channel* channel = nullptr;
  const int rc = find_or_add(write.channel, now_ms, channel);
  if (rc != SQLITE_DONE) return rc;
  write.position = {channel->top, channel->epoch};
  if (write.body.empty()) return table_.read_ancestors(channel->id, write.position.ancestors);
  std::string key;
  if (!write.message_id.empty()) {
    // Looked up in memory: most publishes are no repetitions, and would ask the table in vain.
    key = SqliteMessageTable::key_of(channel->id, write.user, write.message_id);
    if (const auto first = messages_.find(key)) {
      write.is_repetition = true;
      write.position.offset = *first;
      return SQLITE_DONE;
    }
  }
  const int done = append(*channel, write, std::move(key), settings, now_ms);
  write.position.offset = channel->top;
  return done;
}

int SqliteLogWriter::append(Channel& channel, const SqliteWrite& write, std::string message_key,
                            const BrokerSettings& settings, std::int64_t now_ms) {
  const std::uint64_t offset = channel.top + 1;
  int rc = add_publication_.bind(channel.id, offset, std::string_view(write.body)).step();
  const auto ttl_ms = static_cast<std::int64_t>(settings.history_ttl_ms);
  if (rc == SQLITE_DONE && now_ms - channel.touched_ms > ttl_ms / kTouchShare) {
    rc = touch_.bind(now_ms, channel.id).step();
    channel.touched_ms = now_ms;
  }
  if (rc == SQLITE_DONE && offset % kTrimEvery == 0 && offset > settings.history_size) {
    rc = trim_.bind(channel.id, offset - settings.history_size).step();
  }
  if (rc == SQLITE_DONE && !message_key.empty()) {
    rc = messages_.add(std::move(message_key), now_ms, channel.id, offset, write.user,
                       write.message_id);
  }
  if (rc == SQLITE_DONE) {
    channel.top = offset;
    newest_ = {channel.id, offset};
  }
  return rc;
}

int SqliteLogWriter::rewrite(SqliteRewrite& rewrite, Replaced& replaced) {
  SqliteChannelTable::Row channel;
  int rc = table_.find(rewrite.channel, channel);
  if (rc != SQLITE_ROW) return rc;
  LogTop top(0, channel.epoch);
  if (!rewrite.epoch.empty() && rewrite.epoch != top.epoch) {
    rc = table_.read_ancestors(channel.id, top.ancestors);
    if (rc != SQLITE_DONE) return rc;
  }
  if (!top.descends_from(rewrite.epoch, rewrite.offset)) return SQLITE_DONE;
  replaced.channel = channel.id;
  rc = find_publication_.bind(channel.id, rewrite.offset).step();
  if (rc == SQLITE_ROW) {
    replaced.old_body = find_publication_.text(0);
    const bool is_expected = rewrite.expected.empty() || replaced.old_body == rewrite.expected;
    rewrite.result = is_expected ? Rewritten::kDone : Rewritten::kChanged;
  }
  find_publication_.reset();
  if (rc != SQLITE_ROW) return rc;
  if (rewrite.result != Rewritten::kDone) return SQLITE_DONE;
  return replace_body_.bind(std::string_view(rewrite.body), channel.id, rewrite.offset).step();
}

// A channel goes a little later than its time to live says, because its time of last use may be
// that much too old in the table.
Expected<bool, Error> SqliteLogWriter::forget_old(const BrokerSettings& settings,
                                                  std::int64_t now_ms) {
  const auto ttl_ms = static_cast<std::int64_t>(settings.history_ttl_ms);
  const auto message_ttl_ms = static_cast<std::int64_t>(settings.idempotency_ttl_ms);
  const auto has_more = messages_.forget(kForgetRows, now_ms - message_ttl_ms);
  if (!has_more) return has_more;
  if (forget_channels_.bind(now_ms - ttl_ms - ttl_ms / kTouchShare).step() != SQLITE_DONE) {
    return Unexpected<Error>(database_.error("deleting old channels failed"));
  }
  const bool has_forgotten = database_.changes() > 0;
  if (has_forgotten) channels_.clear();
  return *has_more || has_forgotten;
}

}  // namespace chirm
