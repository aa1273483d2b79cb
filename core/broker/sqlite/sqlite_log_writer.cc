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
       // One at a time: a channel's publications may be thousands.
       {find_silent_, "SELECT id FROM channel WHERE touched > 0 AND touched <= ? LIMIT 1"},
       {forget_channels_,
        "DELETE FROM channel WHERE id IN "
        "(SELECT id FROM channel WHERE touched <= 0 AND touched >= ? LIMIT 100)"}});
  return done ? messages_.load() : done;
}

void SqliteLogWriter::begin_transaction(const BrokerSettings& settings, std::int64_t now_ms) {
  newest_ = {};
  messages_.begin_transaction(forgotten_until_ms(settings, now_ms));
}

// How much time passed before the start only the machine's clock says, and it may have been set: so
// what was remembered then stays for a whole time from the start on.
std::int64_t SqliteLogWriter::forgotten_until_ms(const BrokerSettings& settings,
                                                 std::int64_t now_ms) {
  if (first_ms_ == 0) first_ms_ = now_ms;
  const auto ttl_ms = static_cast<std::int64_t>(settings.idempotency_ttl_ms);
  return now_ms - first_ms_ < ttl_ms ? 0 : now_ms - ttl_ms;
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
    row = {0, random_.name(kEpochLength), -now_ms};  // nothing was published yet
    rc = add_channel_.bind(std::string_view(name), std::string_view(row.epoch), -now_ms).step();
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
  if (write.body.empty()) {
    const int kept = keep_numbering(*channel, now_ms);
    if (kept != SQLITE_DONE) return kept;
    return table_.read_ancestors(channel->id, write.position.ancestors);
  }
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

// Somebody looks at it, because they follow it or begin to.
int SqliteLogWriter::keep_numbering(Channel& channel, std::int64_t now_ms) {
  const auto ttl_ms = static_cast<std::int64_t>(BrokerSettings::kNumberingMs);
  if (channel.touched_ms > 0 || now_ms + channel.touched_ms <= ttl_ms / kTouchShare) {
    return SQLITE_DONE;
  }
  channel.touched_ms = -now_ms;
  return touch_.bind(-now_ms, channel.id).step();
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

// Both go a little later than their times to live say, because the time of last use may be that
// much too old in the table.
Expected<bool, Error> SqliteLogWriter::forget_old(const BrokerSettings& settings,
                                                  std::int64_t now_ms) {
  const auto has_more = messages_.forget(kForgetRows, forgotten_until_ms(settings, now_ms));
  if (!has_more) return has_more;
  const auto end_of = [now_ms](std::uint64_t ttl) {
    const auto ttl_ms = static_cast<std::int64_t>(ttl);
    return now_ms - ttl_ms - ttl_ms / kTouchShare;
  };
  int rc = database_.begin();
  bool has_silenced = false;
  if (rc == SQLITE_DONE) {
    rc = forget_publications(end_of(settings.history_ttl_ms), now_ms, has_silenced);
  }
  if (rc == SQLITE_DONE) rc = forget_channels_.bind(-end_of(BrokerSettings::kNumberingMs)).step();
  const bool has_forgotten = rc == SQLITE_DONE && database_.changes() > 0;
  if (rc == SQLITE_DONE) rc = database_.commit();
  if (rc != SQLITE_DONE) {
    const Error failed = database_.error("deleting old channels failed");
    database_.roll_back();
    return Unexpected<Error>(failed);
  }
  if (has_silenced || has_forgotten) channels_.clear();
  return *has_more || has_silenced || has_forgotten;
}

// Those of one channel. The row of the newest one stays, empty: the numbering goes on behind it.
// SQLITE_DONE or what went wrong.
int SqliteLogWriter::forget_publications(std::int64_t until_ms, std::int64_t now_ms,
                                         bool& has_found) {
  int rc = find_silent_.bind(until_ms).step();
  has_found = rc == SQLITE_ROW;
  const std::int64_t channel = has_found ? find_silent_.number(0) : 0;
  find_silent_.reset();
  std::uint64_t top = 0;
  if (rc == SQLITE_ROW) rc = table_.read_top(channel, top);
  if (rc != SQLITE_ROW) return rc;
  if (top > 0) rc = trim_.bind(channel, top - 1).step();
  if (top > 0 && rc == SQLITE_DONE)
    rc = replace_body_.bind(std::string_view(), channel, top).step();
  if (top > 0 && rc != SQLITE_DONE) return rc;
  return touch_.bind(-now_ms, channel).step();
}

}  // namespace chirm
