// SPDX-License-Identifier: MIT
#include "core/broker/sqlite/sqlite_broker.h"

#include <spdlog/spdlog.h>

#include <utility>

#include "core/loop/loop.h"
#include "core/loop/worker.h"

namespace chirm {

namespace {
// Of one transaction: what waits behind it waits some milliseconds.
constexpr std::size_t kWritesPerCommit = 2048;
constexpr std::uint64_t kForgetPeriodMs = 10'000;
constexpr std::uint64_t kRetryPeriodMs = 1000;
}  // namespace

// The writes of one transaction, and what each one's caller is told. The store's part is used on a
// worker thread while the job runs.
struct SqliteBroker::WriteJob {
  struct Caller {
    Callback<Position> done;
    WriteKind kind;
    std::uint64_t subscription_id;
  };
  SqliteStore::Transaction transaction;
  std::vector<Caller> callers;  // of the write of the same index
  std::vector<Callback<Rewritten>> rewrite_callers;
  std::vector<OnChanged> document_callers;
  std::vector<Indexing> indexings;
  std::vector<Expected<bool, Error>> indexed;  // of the same index
  bool forgets = false;
  bool has_more_to_forget = false;
  bool probes = false;
  std::string error;  // of the writes, and then of the rest

  void run(SqliteStore& store, const BrokerSettings& settings) {
    const std::int64_t now_ms = Loop::unix_ms();
    if (!transaction.is_empty()) note(store.write(transaction, settings, now_ms));
    has_written = error.empty();
    if (!has_written) store.look(transaction.writes);
    for (const Indexing& one : indexings) indexed.push_back(store.index(one.channel));
    if (probes) note(store.probe());
    if (!forgets || !error.empty()) return;
    const auto more = store.forget_old(settings, now_ms);
    if (more) {
      has_more_to_forget = *more;
    } else {
      error = more.error().message;
    }
  }
  void note(const Expected<void, Error>& done) {
    if (!done) error = done.error().message;
  }
  void take(SqliteStore::Write write, Caller caller) {
    transaction.writes.push_back(std::move(write));
    callers.push_back(std::move(caller));
  }

  // What is beyond a transaction's size, for the next one.
  std::shared_ptr<WriteJob> split() {
    auto rest = std::make_shared<WriteJob>();
    move_rest(transaction.writes, rest->transaction.writes);
    move_rest(callers, rest->callers);
    move_rest(transaction.rewrites, rest->transaction.rewrites);
    move_rest(rewrite_callers, rest->rewrite_callers);
    move_rest(transaction.documents, rest->transaction.documents);
    move_rest(document_callers, rest->document_callers);
    return rest;
  }

  bool has_written = false;  // all of the transaction

 private:
  template <class T>
  static void move_rest(std::vector<T>& from, std::vector<T>& to) {
    if (from.size() <= kWritesPerCommit) return;
    const auto cut = from.begin() + static_cast<std::ptrdiff_t>(kWritesPerCommit);
    to.assign(std::make_move_iterator(cut), std::make_move_iterator(from.end()));
    from.resize(kWritesPerCommit);
  }
};

Expected<std::unique_ptr<SqliteBroker>, Error> SqliteBroker::open(Loop& loop,
                                                                  const std::string& path,
                                                                  StoreSync sync,
                                                                  const BrokerSettings& settings) {
  auto writer = SqliteStore::open_for_writing(path, sync);
  if (!writer) return Unexpected<Error>(writer.error());
  auto reader = SqliteStore::open_for_reading(path);
  if (!reader) return Unexpected<Error>(reader.error());
  return std::unique_ptr<SqliteBroker>(
      new SqliteBroker(loop, settings, std::move(*writer), std::move(*reader)));
}

SqliteBroker::SqliteBroker(Loop& loop, const BrokerSettings& settings,
                           std::shared_ptr<SqliteStore> writer, std::shared_ptr<SqliteStore> reader)
    : loop_(loop),
      settings_(settings),
      documents_(loop, *this),
      nodes_(loop),
      writer_(std::move(writer)),
      reader_(std::move(reader)),
      collecting_(std::make_shared<WriteJob>()),
      waiting_(std::make_shared<WriteJob>()),
      forget_timer_(loop, [this] { forget_old(); }),
      retry_timer_(loop, [this] { retry(); }),
      self_(std::make_shared<SqliteBroker*>(this)) {
  forget_timer_.start_repeating(kForgetPeriodMs);
}

SqliteBroker::~SqliteBroker() { *self_ = nullptr; }

// ---- Writing

// Counts what will wait for the writer. False when that would be too much.
bool SqliteBroker::admit(std::size_t bytes) {
  const SqliteStore::Transaction& waiting = collecting_->transaction;
  if (pending_bytes_ + bytes > settings_.pending_bytes_max ||
      waiting.writes.size() + waiting.rewrites.size() + waiting.documents.size() >=
          settings_.pending_commands_max) {
    return false;
  }
  pending_bytes_ += bytes;
  return true;
}

void SqliteBroker::publish(const PublishRequest& request, Callback<Position> done) {
  ++counters_.publishes;
  if (!admit(request.body.size())) {
    ++counters_.publish_errors;
    deferred_.push_back(
        [done = std::move(done)] { done(Unexpected<ErrorCode>(errors::kInternal)); });
    return;
  }
  collecting_->take({.channel = std::string(request.channel),
                     .body = std::string(request.body),
                     .user = std::string(request.user),
                     .message_id = std::string(request.message_id),
                     .position = {},
                     .is_repetition = false},
                    {std::move(done), WriteKind::kPublish, 0});
}

void SqliteBroker::signal(std::string_view channel, std::string_view body) {
  deferred_.push_back([this, name = std::string(channel), body = std::string(body)] {
    const auto found = subscriptions_.find(name);
    if (found != subscriptions_.end() && found->second.is_live) listener_->on_signal(name, body);
  });
}

void SqliteBroker::rewrite(const RewriteRequest& request, Callback<Rewritten> done) {
  if (!admit(request.body.size())) {
    deferred_.push_back(
        [done = std::move(done)] { done(Unexpected<ErrorCode>(errors::kInternal)); });
    return;
  }
  SqliteStore::Rewrite rewrite;
  rewrite.channel = request.channel;
  rewrite.offset = request.offset;
  rewrite.epoch = request.epoch;
  rewrite.expected = request.expected;
  rewrite.body = request.body;
  collecting_->transaction.rewrites.push_back(std::move(rewrite));
  collecting_->rewrite_callers.push_back(std::move(done));
}

void SqliteBroker::change(SqliteStore::DocumentChange change, OnChanged done) {
  if (!admit(change.value.size())) {
    deferred_.push_back([done = std::move(done)] { done(nullptr); });
    return;
  }
  collecting_->transaction.documents.push_back(std::move(change));
  collecting_->document_callers.push_back(std::move(done));
}

// Goes through the writer, so that it has a place in the order of commits.
void SqliteBroker::subscribe(std::string_view channel, Callback<Position> done) {
  const std::uint64_t id = ++next_subscription_id_;
  subscriptions_[std::string(channel)] = {id, false};
  collect(WriteKind::kSubscribe, channel, id, std::move(done));
}

void SqliteBroker::collect(WriteKind kind, std::string_view channel, std::uint64_t subscription_id,
                           Callback<Position> done) {
  collecting_->take({std::string(channel), {}, {}, {}, {}, false},
                    {std::move(done), kind, subscription_id});
}

void SqliteBroker::unsubscribe(std::string_view channel) {
  if (const auto found = subscriptions_.find(channel); found != subscriptions_.end()) {
    subscriptions_.erase(found);
  }
}

void SqliteBroker::start_writing() {
  const bool has_work = !collecting_->transaction.is_empty() || !indexings_.empty() ||
                        wants_forgetting_ || wants_probe_;
  if (is_writing_ || !has_work) return;
  is_writing_ = true;
  const std::shared_ptr<WriteJob> job = collecting_;
  collecting_ = job->split();
  job->indexings = std::exchange(indexings_, {});
  job->forgets = std::exchange(wants_forgetting_, false);
  job->probes = std::exchange(wants_probe_, false);
  run_on_worker(
      loop_, [job, store = writer_, settings = settings_] { job->run(*store, settings); },
      [job, weak = self_] {
        if (*weak != nullptr) (*weak)->on_written(*job);
      });
}

void SqliteBroker::on_written(WriteJob& job) {
  is_writing_ = false;
  if (!job.error.empty()) {
    note_failure(job.error);
  } else if (job.probes && std::exchange(is_failing_, false)) {
    spdlog::info("store: writing again");
    retry_timer_.stop();
  }
  wants_forgetting_ |= job.has_more_to_forget;
  for (std::size_t i = 0; i < job.indexings.size(); ++i) {
    job.indexings[i].done(std::move(job.indexed[i]));
  }
  if (!job.has_written) return fail(job);
  for (std::size_t i = 0; i < job.callers.size(); ++i) {
    const SqliteStore::Write& write = job.transaction.writes[i];
    pending_bytes_ -= write.body.size();
    const WriteJob::Caller& caller = job.callers[i];
    if (caller.kind == WriteKind::kPublish) deliver(write);
    if (caller.kind == WriteKind::kSubscribe) go_live(write, caller.subscription_id);
    caller.done(write.position);
  }
  for (std::size_t i = 0; i < job.rewrite_callers.size(); ++i) {
    const SqliteStore::Rewrite& rewrite = job.transaction.rewrites[i];
    pending_bytes_ -= rewrite.body.size();
    if (rewrite.result == Rewritten::kDone) {
      ++rewrites_;
      if (subscriptions_.contains(rewrite.channel)) {
        listener_->on_rewritten(rewrite.channel, rewrite.offset);
      }
    }
    job.rewrite_callers[i](rewrite.result);
  }
  for (std::size_t i = 0; i < job.document_callers.size(); ++i) {
    const SqliteStore::DocumentChange& change = job.transaction.documents[i];
    pending_bytes_ -= change.value.size();
    job.document_callers[i](&change);
  }
  start_writing();
}

void SqliteBroker::go_live(const SqliteStore::Write& write, std::uint64_t subscription_id) {
  const auto found = subscriptions_.find(write.channel);
  if (found != subscriptions_.end() && found->second.id == subscription_id) {
    found->second.is_live = true;
  }
}

void SqliteBroker::deliver(const SqliteStore::Write& write) {
  if (write.is_repetition) {
    ++counters_.duplicates;
    return;
  }
  ++counters_.published;
  const auto found = subscriptions_.find(write.channel);
  if (found == subscriptions_.end() || !found->second.is_live) return;
  listener_->on_publication(write.channel, write.position.offset, write.position.epoch, write.body);
}

std::vector<StoreHealth> SqliteBroker::stores() const {
  StoreHealth store{.name = "sqlite", .health = health()};
  if (is_failing_) {
    store.problem = "cannot be written: " + failure_;
    store.since_unix_ms = failing_since_unix_ms_;
  }
  return {store};
}

void SqliteBroker::note_failure(const std::string& error) {
  failure_ = error;
  if (std::exchange(is_failing_, true)) return;
  failing_since_unix_ms_ = Loop::unix_ms();
  spdlog::error("store: {}; publishes are refused until it can be written again", error);
  retry_timer_.start_repeating(kRetryPeriodMs);
}

// Channels that exist can be followed all the same; a new one waits for room.
void SqliteBroker::fail(WriteJob& job) {
  for (std::size_t i = 0; i < job.callers.size(); ++i) {
    const SqliteStore::Write& write = job.transaction.writes[i];
    pending_bytes_ -= write.body.size();
    WriteJob::Caller& caller = job.callers[i];
    if (!write.position.epoch.empty()) {
      if (caller.kind == WriteKind::kSubscribe) go_live(write, caller.subscription_id);
      caller.done(write.position);
    } else if (caller.kind == WriteKind::kSubscribe) {
      waiting_->take(write, std::move(caller));
    } else {
      if (caller.kind == WriteKind::kPublish) ++counters_.publish_errors;
      caller.done(Unexpected<ErrorCode>(errors::kInternal));
    }
  }
  for (std::size_t i = 0; i < job.rewrite_callers.size(); ++i) {
    pending_bytes_ -= job.transaction.rewrites[i].body.size();
    job.rewrite_callers[i](Unexpected<ErrorCode>(errors::kInternal));
  }
  for (std::size_t i = 0; i < job.document_callers.size(); ++i) {
    pending_bytes_ -= job.transaction.documents[i].value.size();
    job.document_callers[i](nullptr);
  }
}

void SqliteBroker::retry() {
  const auto waiting = std::exchange(waiting_, std::make_shared<WriteJob>());
  for (std::size_t i = 0; i < waiting->callers.size(); ++i) {
    collecting_->take(waiting->transaction.writes[i], std::move(waiting->callers[i]));
  }
  wants_probe_ = true;
  start_writing();
}

void SqliteBroker::forget_old() {
  wants_forgetting_ = true;
  start_writing();
}

void SqliteBroker::flush() {
  while (!deferred_.empty()) {
    for (auto& answer : std::exchange(deferred_, {})) answer();
  }
  start_writing();
  start_reading();
}

}  // namespace chirm
