// SPDX-License-Identifier: MIT
#include "core/broker/sqlite_broker.h"

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
  std::vector<SqliteStore::Write> writes;
  std::vector<Caller> callers;  // of the same index
  bool forgets = false;
  bool has_more_to_forget = false;
  bool probes = false;
  std::string error;  // of the writes, and then of the rest

  void run(SqliteStore& store, const BrokerSettings& settings) {
    const std::int64_t now_ms = Loop::unix_ms();
    if (!writes.empty()) note(store.write(writes, settings, now_ms));
    has_written = error.empty();
    if (!has_written) store.look(writes);
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
  void take(const SqliteStore::Write& write, Caller caller) {
    writes.push_back(write);
    callers.push_back(std::move(caller));
  }

  bool has_written = false;  // all of the writes
};

struct SqliteBroker::ReadJob {
  SqliteStore::Range range;
  Callback<History> done;
  Expected<History, Error> result = History{};
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
      documents_(loop),
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

void SqliteBroker::publish(const PublishRequest& request, Callback<Position> done) {
  ++counters_.publishes;
  const std::size_t bytes = request.body.size();
  if (pending_bytes_ + bytes > settings_.pending_bytes_max ||
      collecting_->writes.size() >= settings_.pending_commands_max) {
    ++counters_.publish_errors;
    deferred_.push_back(
        [done = std::move(done)] { done(Unexpected<ErrorCode>(errors::kInternal)); });
    return;
  }
  pending_bytes_ += bytes;
  collecting_->writes.push_back({.channel = std::string(request.channel),
                                 .body = std::string(request.body),
                                 .user = std::string(request.user),
                                 .message_id = std::string(request.message_id),
                                 .position = {},
                                 .is_repetition = false});
  collecting_->callers.push_back({std::move(done), WriteKind::kPublish, 0});
}

// Goes through the writer, so that it has a place in the order of commits.
void SqliteBroker::subscribe(std::string_view channel, Callback<Position> done) {
  const std::uint64_t id = ++next_subscription_id_;
  subscriptions_[std::string(channel)] = {id, false};
  collect(WriteKind::kSubscribe, channel, id, std::move(done));
}

void SqliteBroker::collect(WriteKind kind, std::string_view channel, std::uint64_t subscription_id,
                           Callback<Position> done) {
  collecting_->writes.push_back({std::string(channel), {}, {}, {}, {}, false});
  collecting_->callers.push_back({std::move(done), kind, subscription_id});
}

void SqliteBroker::unsubscribe(std::string_view channel) {
  if (const auto found = subscriptions_.find(channel); found != subscriptions_.end()) {
    subscriptions_.erase(found);
  }
}

void SqliteBroker::start_writing() {
  const bool has_work = !collecting_->writes.empty() || wants_forgetting_ || wants_probe_;
  if (is_writing_ || !has_work) return;
  is_writing_ = true;
  auto job = std::exchange(collecting_, std::make_shared<WriteJob>());
  if (job->writes.size() > kWritesPerCommit) {  // the rest is the next transaction's
    const auto cut = static_cast<std::ptrdiff_t>(kWritesPerCommit);
    collecting_->writes.assign(std::make_move_iterator(job->writes.begin() + cut),
                               std::make_move_iterator(job->writes.end()));
    collecting_->callers.assign(std::make_move_iterator(job->callers.begin() + cut),
                                std::make_move_iterator(job->callers.end()));
    job->writes.resize(kWritesPerCommit);
    job->callers.resize(kWritesPerCommit);
  }
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
  if (!job.has_written) return fail(job);
  for (std::size_t i = 0; i < job.writes.size(); ++i) {
    const SqliteStore::Write& write = job.writes[i];
    pending_bytes_ -= write.body.size();
    const WriteJob::Caller& caller = job.callers[i];
    if (caller.kind == WriteKind::kPublish) deliver(write);
    if (caller.kind == WriteKind::kSubscribe) go_live(write, caller.subscription_id);
    caller.done(write.position);
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
  for (std::size_t i = 0; i < job.writes.size(); ++i) {
    const SqliteStore::Write& write = job.writes[i];
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
}

void SqliteBroker::retry() {
  const auto waiting = std::exchange(waiting_, std::make_shared<WriteJob>());
  for (std::size_t i = 0; i < waiting->writes.size(); ++i) {
    collecting_->take(waiting->writes[i], std::move(waiting->callers[i]));
  }
  wants_probe_ = true;
  start_writing();
}

void SqliteBroker::forget_old() {
  wants_forgetting_ = true;
  start_writing();
}

// ---- Reading

void SqliteBroker::history(const HistoryRequest& request, Callback<History> done) {
  ++counters_.histories;
  if (reads_.size() >= settings_.pending_commands_max) {
    ++counters_.history_errors;
    deferred_.push_back(
        [done = std::move(done)] { done(Unexpected<ErrorCode>(errors::kInternal)); });
    return;
  }
  auto job = std::make_shared<ReadJob>();
  job->range = {std::string(request.channel), request.since, request.limit, request.reverse,
                request.bytes_max};
  job->done = std::move(done);
  reads_.push_back(std::move(job));
}

void SqliteBroker::start_reading() {
  if (is_reading_ || reads_.empty()) return;
  is_reading_ = true;
  auto job = std::move(reads_.front());
  reads_.pop_front();
  run_on_worker(
      loop_, [job, store = reader_] { job->result = store->read(job->range); },
      [job, weak = self_] {
        if (*weak != nullptr) (*weak)->on_read(*job);
      });
}

void SqliteBroker::on_read(ReadJob& job) {
  is_reading_ = false;
  start_reading();
  if (!job.result) {
    ++counters_.history_errors;
    spdlog::error("store: {}", job.result.error().message);
    return job.done(Unexpected<ErrorCode>(errors::kInternal));
  }
  if (!job.result->top.epoch.empty()) return job.done(std::move(*job.result));
  // The channel does not exist, and only the writer can give it an epoch.
  collect(WriteKind::kLook, job.range.channel, 0,
          [done = std::move(job.done)](const Expected<Position, ErrorCode>& top) {
            if (top) return done(History{*top, {}});
            done(Unexpected<ErrorCode>(top.error()));
          });
  start_writing();
}

void SqliteBroker::presence(std::string_view channel, Callback<std::vector<PresentClient>> done) {
  ++counters_.presences;
  deferred_.push_back([this, name = std::string(channel), done = std::move(done)] {
    done(listener_->local_presence(name));
  });
}

void SqliteBroker::flush() {
  while (!deferred_.empty()) {
    for (auto& answer : std::exchange(deferred_, {})) answer();
  }
  start_writing();
  start_reading();
}

}  // namespace chirm
