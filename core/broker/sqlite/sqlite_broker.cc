// SPDX-License-Identifier: MIT
#include "core/broker/sqlite/sqlite_broker.h"

#include <sys/statvfs.h>

#include <algorithm>
#include <utility>

#include "core/base/check.h"
#include "core/broker/history_search.h"
#include "core/broker/search_text.h"
#include "core/broker/sqlite/sqlite_store.h"
#include "core/loop/loop.h"

namespace chirm {

namespace {
// Looked at so often, a followed channel keeps its numbering, which lives for a day from each look.
constexpr std::uint64_t kRenewMs = BrokerSettings::kNumberingMs / 4;
constexpr std::uint64_t kRenewPeriodMs = 1'000;
constexpr std::size_t kRenewalsAtOnce = 1'000;
constexpr std::uint64_t kSpacePeriodMs = 2'000;
}  // namespace

Expected<std::unique_ptr<SqliteBroker>, Error> SqliteBroker::open(Loop& loop,
                                                                  const std::string& path,
                                                                  StoreSync sync,
                                                                  const BrokerSettings& settings) {
  // The writer first: it makes the file, and its tables, that the reader needs.
  auto writer = SqliteStoreWriter::open(path, sync);
  if (!writer) return Unexpected<Error>(writer.error());
  auto reader = SqliteStoreReader::open(path);
  if (!reader) return Unexpected<Error>(reader.error());
  return std::unique_ptr<SqliteBroker>(
      new SqliteBroker(loop, path, settings, std::move(*writer), std::move(*reader)));
}

SqliteBroker::SqliteBroker(Loop& loop, std::string path, const BrokerSettings& settings,
                           std::shared_ptr<SqliteStoreWriter> writer,
                           std::shared_ptr<SqliteStoreReader> reader)
    : loop_(loop),
      path_(std::move(path)),
      settings_(settings),
      disk_space_("the disk of " + path_),
      file_space_(path_),
      writes_(loop, settings, std::move(writer)),
      reads_(loop, settings.pending_commands_max, writes_, std::move(reader)),
      documents_(loop, writes_, reads_),
      nodes_(loop),
      renewal_timer_(loop, [this] { renew_numberings(); }),
      space_timer_(loop, [this] { look_for_space(); }) {
  renewal_timer_.start_repeating(kRenewPeriodMs);
  space_timer_.start_repeating(kSpacePeriodMs);
  look_for_space();
}

void SqliteBroker::set_listener(BrokerListener& listener) {
  CHIRM_CHECK(listener_ == nullptr);
  listener_ = &listener;
}

// No call calls back before it has returned: what is refused is told at the end of the turn.
template <class T>
void SqliteBroker::refuse(Callback<T> done, ErrorCode error) {
  deferred_.push_back([done = std::move(done), error] { done(Unexpected<ErrorCode>(error)); });
}

// ---- Writing

void SqliteBroker::publish(const PublishRequest& request, Callback<Position> done) {
  ++counters_.publishes;
  if (disk_space_.is_full() || file_space_.is_full()) {
    ++counters_.publish_errors;
    ++counters_.refused_as_full;
    return refuse(std::move(done), errors::kStoreFull);
  }
  if (!writes_.has_room(request.body.size())) {
    ++counters_.publish_errors;
    return refuse(std::move(done));
  }
  writes_.add(SqliteWrite{.channel = std::string(request.channel),
                          .body = std::string(request.body),
                          .user = std::string(request.user),
                          .message_id = std::string(request.message_id),
                          .position = {},
                          .is_repetition = false},
              [this, done = std::move(done)](const SqliteWrite* write) {
                if (write == nullptr) {
                  ++counters_.publish_errors;
                  return done(Unexpected<ErrorCode>(errors::kInternal));
                }
                deliver(*write);
                done(write->position);
              });
}

void SqliteBroker::deliver(const SqliteWrite& write) {
  if (write.is_repetition) {
    ++counters_.duplicates;
    return;
  }
  ++counters_.published;
  const auto found = subscriptions_.find(write.channel);
  if (found == subscriptions_.end() || !found->second.is_live) return;
  listener_->on_publication(write.channel, write.position.offset, write.position.epoch, write.body);
}

// Without the writer, as it is not stored: it may come before what was published in front of it.
void SqliteBroker::signal(std::string_view channel, std::string_view body) {
  deferred_.push_back([this, name = std::string(channel), body = std::string(body)] {
    const auto found = subscriptions_.find(name);
    if (found != subscriptions_.end() && found->second.is_live) listener_->on_signal(name, body);
  });
}

void SqliteBroker::rewrite(const RewriteRequest& request, Callback<Rewritten> done) {
  if (!writes_.has_room(request.body.size())) return refuse(std::move(done));
  SqliteRewrite rewrite;
  rewrite.channel = request.channel;
  rewrite.offset = request.offset;
  rewrite.epoch = request.epoch;
  rewrite.expected = request.expected;
  rewrite.body = request.body;
  writes_.add(std::move(rewrite), [this, done = std::move(done)](const SqliteRewrite* written) {
    if (written == nullptr) return done(Unexpected<ErrorCode>(errors::kInternal));
    on_rewritten(*written);
    done(written->result);
  });
}

void SqliteBroker::on_rewritten(const SqliteRewrite& rewrite) {
  if (rewrite.result != Rewritten::kDone) return;
  ++rewrites_;
  if (!subscriptions_.contains(rewrite.channel)) return;
  listener_->on_rewritten(rewrite.channel, rewrite.offset, rewrite.body);
}

// Through the writer, so that it has a place in the order of commits: what was committed before is
// in the position, and what comes after is delivered.
void SqliteBroker::subscribe(std::string_view channel, Callback<LogTop> done) {
  const std::uint64_t id = ++last_subscription_id_;
  const auto [added, is_new] =
      subscriptions_.try_emplace(std::string(channel), id, channel, loop_.now_ms());
  CHIRM_CHECK(is_new, channel);
  by_renewal_.push_back(added->second);
  writes_.add_look(channel, SqliteWriteQueue::Patience::kWaitForRoom,
                   [this, id, done = std::move(done)](const SqliteWrite* look) {
                     go_live(look->channel, id);
                     done(look->position);
                   });
}

// It may have been unsubscribed, or even subscribed again, since.
void SqliteBroker::go_live(const std::string& channel, std::uint64_t subscription_id) {
  const auto found = subscriptions_.find(channel);
  if (found == subscriptions_.end() || found->second.id != subscription_id) return;
  found->second.is_live = true;
}

void SqliteBroker::unsubscribe(std::string_view channel) {
  const auto found = subscriptions_.find(channel);
  if (found != subscriptions_.end()) subscriptions_.erase(found);
}

void SqliteBroker::renew_numberings() {
  const std::uint64_t now_ms = loop_.now_ms();
  for (std::size_t i = 0; i < kRenewalsAtOnce; ++i) {
    Subscription* const next = by_renewal_.front();
    if (next == nullptr || now_ms - next->renewed_ms < kRenewMs) return;
    next->renewed_ms = now_ms;
    by_renewal_.push_back(*next);
    writes_.add_look(next->channel, SqliteWriteQueue::Patience::kFail, [](const SqliteWrite*) {});
  }
}

// The disk is everybody's: others may fill it as well. A file never becomes smaller, but has free
// pages that are used again, so it is the reader who knows.
void SqliteBroker::look_for_space() {
  struct statvfs disk {};
  if (settings_.disk_reserve_bytes != 0 && statvfs(path_.c_str(), &disk) == 0) {
    const std::uint64_t size = std::uint64_t{disk.f_frsize} * disk.f_blocks;
    const std::uint64_t free = std::uint64_t{disk.f_frsize} * disk.f_bavail;
    const std::uint64_t most = size - std::min(settings_.disk_reserve_bytes, size / 10);
    disk_space_.look(size - std::min(free, size), most, "its disk is used");
  }
  if (settings_.store_bytes_max == 0) return;
  (void)reads_.add(SqliteReadQueue::reading<std::int64_t>(
      [](SqliteStoreReader& store) { return store.used_bytes(); },
      [this](const Expected<std::int64_t, ErrorCode>& used) {
        if (used)
          file_space_.look(static_cast<std::uint64_t>(*used), settings_.store_bytes_max,
                           "--store-bytes-max");
      }));
}

// ---- Reading

void SqliteBroker::history(const HistoryRequest& request, Callback<History> done) {
  ++counters_.histories;
  if (read_history({std::string(request.channel), request.since, request.limit, request.reverse,
                    request.bytes_max},
                   done)) {
    return;
  }
  ++counters_.history_errors;
  refuse(std::move(done));
}

// Writer and reader are on threads of their own: a reading that began before something was
// rewritten may end after that was told, and would show what nobody is to see any more. So it is
// read again.
bool SqliteBroker::read_history(const SqliteRange& range, Callback<History> done) {
  const auto rewrites_at_start = std::make_shared<std::uint64_t>(0);
  SqliteReadQueue::Reading reading = SqliteReadQueue::reading<History>(
      [range](SqliteStoreReader& store) { return store.read(range); },
      [this, range, rewrites_at_start, done](auto history) {
        if (*rewrites_at_start == rewrites_ || !read_history(range, done)) {
          on_history(range, std::move(history), done);
        }
      });
  reading.on_start = [this, rewrites_at_start] { *rewrites_at_start = rewrites_; };
  return reads_.add(std::move(reading));
}

void SqliteBroker::on_history(const SqliteRange& range, Expected<History, ErrorCode> history,
                              const Callback<History>& done) {
  if (!history) ++counters_.history_errors;
  if (!history || !history->top.epoch.empty()) return done(std::move(history));
  // The channel does not exist, and only the writer can give it an epoch.
  writes_.add_look(range.channel, SqliteWriteQueue::Patience::kFail,
                   [done](const SqliteWrite* look) {
                     if (look == nullptr) return done(Unexpected<ErrorCode>(errors::kInternal));
                     done(History{.top = look->position, .publications = {}});
                   });
  writes_.start();
}

void SqliteBroker::search(const SearchRequest& request, Callback<SearchResult> done) {
  SqliteSearch search{std::string(request.channel), folded_words(request.query), request.before,
                      std::clamp<std::size_t>(request.limit, 1, SearchRequest::kLimitMax)};
  if (search.words.empty()) return refuse(std::move(done), errors::kBadRequest);
  index_then_search(search, std::move(done));
}

// The index is brought up to date a part at a time, so that publishes are not kept waiting; without
// room for it the log itself is searched.
void SqliteBroker::index_then_search(const SqliteSearch& search, Callback<SearchResult> done) {
  writes_.add_indexing(search.channel, [this, search, done](Expected<bool, Error> has_more) {
    if (has_more && *has_more) return index_then_search(search, done);
    const bool is_added =
        has_more && reads_.add(SqliteReadQueue::reading<SearchResult>(
                        [search](SqliteStoreReader& store) { return store.search(search); }, done));
    if (is_added) return;
    std::string query;
    for (const std::string& word : search.words) query += word + " ";
    search_history(*this,
                   {search.channel, query, search.before, static_cast<std::uint32_t>(search.limit)},
                   done);
  });
}

// ---- Turns and health

void SqliteBroker::flush() {
  // What the answers ask in turn is answered as well: nothing waits for a turn that may not come.
  while (!deferred_.empty()) {
    for (auto& answer : std::exchange(deferred_, {})) answer();
  }
  writes_.start();
  reads_.start();
  if constexpr (kChecksInvariants) check();
}

Health SqliteBroker::health() const {
  if (writes_.failure() == nullptr) return Health::kReady;
  return writes_.is_gone() ? Health::kAway : Health::kDegraded;
}

std::vector<StoreHealth> SqliteBroker::stores() const {
  StoreHealth store{.name = "sqlite", .health = health()};
  if (const SqliteWriteQueue::Failure* failure = writes_.failure()) {
    store.problem = (failure->is_gone ? "" : "cannot be written: ") + failure->error;
    store.since_unix_ms = failure->since_unix_ms;
  }
  return {store};
}

void SqliteBroker::check() const {
  writes_.check();
  reads_.check();
  CHIRM_CHECK(deferred_.empty(), deferred_.size());
  CHIRM_CHECK(subscriptions_.size() <= last_subscription_id_, last_subscription_id_);
}

}  // namespace chirm
