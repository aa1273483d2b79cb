// SPDX-License-Identifier: MIT
#include "core/broker/sqlite/sqlite_write_queue.h"

#include <spdlog/spdlog.h>

#include <iterator>
#include <numeric>
#include <utility>

#include "core/base/check.h"
#include "core/broker/sqlite/sqlite_store.h"
#include "core/loop/loop.h"
#include "core/loop/worker.h"

namespace chirm {

namespace {

// Of one transaction: what waits behind it waits some milliseconds.
constexpr std::size_t kWritesPerCommit = 2048;
constexpr std::uint64_t kForgetPeriodMs = 10'000;
constexpr std::uint64_t kRetryPeriodMs = 1000;
constexpr std::uint64_t kWatchPeriodMs = 1000;
// A longer queue is not added up by check(), so that a turn's checking stays short.
constexpr std::size_t kCheckedEntries = 64;

}  // namespace

// A transaction, and what each of its callers is told. While the job runs, the transaction and the
// results are the worker thread's; the callers stay the loop's.
struct SqliteWriteQueue::Job {
  struct Indexing {
    std::string channel;
    OnIndexed done;
  };

  SqliteTransaction transaction;
  std::vector<Caller> callers;  // of the write of the same index
  std::vector<OnRewritten> rewrite_callers;
  std::vector<OnChanged> document_callers;
  std::vector<Indexing> indexings;
  bool forgets = false;
  bool probes = false;
  // Results
  bool has_written = false;  // all of the transaction
  bool has_more_to_forget = false;
  std::vector<Expected<bool, Error>> indexed;  // of the indexing of the same index
  std::string error;     // of the newest thing that failed; "" when nothing did
  bool is_gone = false;  // the error is that the file is not there any more

  bool is_empty() const { return transaction.is_empty() && indexings.empty(); }

  void add(SqliteWrite write, Caller caller) {
    transaction.writes.push_back(std::move(write));
    callers.push_back(std::move(caller));
  }

  // Nothing more goes into a file that is known to be gone.
  void run(SqliteStoreWriter& store, const BrokerSettings& settings, std::int64_t now_ms) {
    if (!store.is_gone() || store.settle()) write(store, settings, now_ms);
    if (const auto settled = store.settle(); !settled) {
      error = settled.error().message;
      has_written = false;
      is_gone = store.is_gone();
      // Committed or not, nobody is told, and nobody follows a channel that may soon be another.
      for (SqliteWrite& one : transaction.writes) one.position = {};
    }
    while (indexed.size() < indexings.size()) indexed.push_back(Unexpected<Error>(Error{error}));
  }
  void write(SqliteStoreWriter& store, const BrokerSettings& settings, std::int64_t now_ms) {
    if (!transaction.is_empty()) note(store.write(transaction, settings, now_ms));
    // What follows may fail without that: an index can be made later, a probe is only a question.
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

  // What is beyond a transaction's size, for the next one.
  std::shared_ptr<Job> split() {
    auto rest = std::make_shared<Job>();
    move_rest(transaction.writes, rest->transaction.writes);
    move_rest(callers, rest->callers);
    move_rest(transaction.rewrites, rest->transaction.rewrites);
    move_rest(rewrite_callers, rest->rewrite_callers);
    move_rest(transaction.documents, rest->transaction.documents);
    move_rest(document_callers, rest->document_callers);
    return rest;
  }

  std::size_t bytes() const {
    std::size_t sum = 0;
    for (const SqliteWrite& one : transaction.writes) sum += one.body.size();
    for (const SqliteRewrite& one : transaction.rewrites) sum += one.body.size();
    for (const SqliteDocumentChange& one : transaction.documents) sum += one.value.size();
    return sum;
  }

  void check() const {
    CHIRM_CHECK(callers.size() == transaction.writes.size(), callers.size());
    CHIRM_CHECK(rewrite_callers.size() == transaction.rewrites.size(), rewrite_callers.size());
    CHIRM_CHECK(document_callers.size() == transaction.documents.size(), document_callers.size());
  }

 private:
  template <class T>
  static void move_rest(std::vector<T>& from, std::vector<T>& to) {
    if (from.size() <= kWritesPerCommit) return;
    const auto cut = from.begin() + static_cast<std::ptrdiff_t>(kWritesPerCommit);
    to.assign(std::make_move_iterator(cut), std::make_move_iterator(from.end()));
    from.resize(kWritesPerCommit);
  }
};

SqliteWriteQueue::SqliteWriteQueue(Loop& loop, const BrokerSettings& settings,
                                   std::shared_ptr<SqliteStoreWriter> store)
    : loop_(loop),
      settings_(settings),
      store_(std::move(store)),
      started_at_ms_(store_->start_ms(loop.unix_ms())),
      started_ms_(loop.now_ms() - loop.paused_ms()),
      collecting_(std::make_shared<Job>()),
      waiting_(std::make_unique<Job>()),
      forget_timer_(loop, [this] { forget_old(); }),
      watch_timer_(loop, [this] { look_after_file(); }),
      retry_timer_(loop, [this] { retry(); }) {
  forget_timer_.start_repeating(kForgetPeriodMs);
  watch_timer_.start_repeating(kWatchPeriodMs);
}

SqliteWriteQueue::~SqliteWriteQueue() = default;

// ---- Collecting

bool SqliteWriteQueue::has_room(std::size_t bytes) const {
  return pending_bytes_ + bytes <= settings_.pending_bytes_max &&
         collecting_->transaction.size() < settings_.pending_commands_max;
}

void SqliteWriteQueue::count(std::size_t bytes) {
  CHIRM_CHECK(has_room(bytes), bytes, pending_bytes_, collecting_->transaction.size());
  pending_bytes_ += bytes;
}

void SqliteWriteQueue::add(SqliteWrite write, OnWritten done) {
  CHIRM_CHECK(!write.body.empty(), write.channel);
  count(write.body.size());
  collecting_->add(std::move(write), {std::move(done), Patience::kFail});
}

void SqliteWriteQueue::add(SqliteRewrite rewrite, OnRewritten done) {
  count(rewrite.body.size());
  collecting_->transaction.rewrites.push_back(std::move(rewrite));
  collecting_->rewrite_callers.push_back(std::move(done));
}

void SqliteWriteQueue::add(SqliteDocumentChange change, OnChanged done) {
  count(change.value.size());
  collecting_->transaction.documents.push_back(std::move(change));
  collecting_->document_callers.push_back(std::move(done));
}

void SqliteWriteQueue::add_look(std::string_view channel, Patience patience, OnWritten done) {
  collecting_->add({std::string(channel), {}, {}, {}, {}, false}, {std::move(done), patience});
}

void SqliteWriteQueue::add_indexing(std::string_view channel, OnIndexed done) {
  collecting_->indexings.push_back({std::string(channel), std::move(done)});
}

// ---- Writing

void SqliteWriteQueue::start() {
  const bool has_work =
      !collecting_->is_empty() || wants_forgetting_ || wants_probe_ || wants_settling_;
  if (is_running_ || !has_work) return;
  is_running_ = true;
  // Shared, as the loop and this queue may be gone before the worker is done with it.
  const std::shared_ptr<Job> job = collecting_;
  collecting_ = job->split();
  job->forgets = std::exchange(wants_forgetting_, false);
  job->probes = std::exchange(wants_probe_, false);
  wants_settling_ = false;  // each job does
  run_on_worker(
      loop_,
      [job, store = store_, settings = settings_, now_ms = store_ms()] {
        job->run(*store, settings, now_ms);
      },
      guard_([this, job] { on_done(*job); }));
}

// The next transaction starts when all callers are told: what they write in return is part of it.
void SqliteWriteQueue::on_done(Job& job) {
  is_running_ = false;
  note_result(job);
  wants_forgetting_ |= job.has_more_to_forget;
  for (std::size_t i = 0; i < job.indexings.size(); ++i) {
    job.indexings[i].done(std::move(job.indexed[i]));
  }
  if (!job.has_written) return tell_failed(job);
  tell(job);
  start();
}

void SqliteWriteQueue::note_result(const Job& job) {
  if (!job.error.empty()) {
    const bool is_new = !failure_ || failure_->is_gone != job.is_gone;
    if (!failure_) {
      failure_ = Failure{{}, loop_.unix_ms()};
      retry_timer_.start_repeating(kRetryPeriodMs);
    }
    failure_->error = job.error;
    failure_->is_gone = job.is_gone;
    if (!is_new) return;  // it is logged once, not each second
    spdlog::error("store: {}; {}", job.error,
                  job.is_gone ? "nothing is served until then"
                              : "publishes are refused until it can be written again");
  } else if (failure_ && (job.probes || failure_->is_gone)) {
    // Only a probe proves that there is room: a small transaction may fit where a message does not.
    // That the file is back, each job proves.
    failure_.reset();
    spdlog::info("store: writing again");
    retry_timer_.stop();
    // Some may have failed while the probe was waiting for its turn: no retry will come for them.
    collect_waiting();
  }
}

// In the order of the commit. A caller may write more, for the next transaction.
void SqliteWriteQueue::tell(Job& job) {
  for (std::size_t i = 0; i < job.callers.size(); ++i) {
    const SqliteWrite& write = job.transaction.writes[i];
    pending_bytes_ -= write.body.size();
    job.callers[i].done(&write);
  }
  for (std::size_t i = 0; i < job.rewrite_callers.size(); ++i) {
    const SqliteRewrite& rewrite = job.transaction.rewrites[i];
    pending_bytes_ -= rewrite.body.size();
    job.rewrite_callers[i](&rewrite);
  }
  for (std::size_t i = 0; i < job.document_callers.size(); ++i) {
    const SqliteDocumentChange& change = job.transaction.documents[i];
    pending_bytes_ -= change.value.size();
    job.document_callers[i](&change);
  }
}

// Channels that exist can be followed all the same; a new one waits for room. The next transaction
// is left to the end of a turn or to the retry: it would most probably fail as well.
void SqliteWriteQueue::tell_failed(Job& job) {
  for (std::size_t i = 0; i < job.callers.size(); ++i) {
    const SqliteWrite& write = job.transaction.writes[i];
    pending_bytes_ -= write.body.size();
    Caller& caller = job.callers[i];
    if (!write.position.epoch.empty()) {
      caller.done(&write);
    } else if (caller.patience == Patience::kWaitForRoom) {
      waiting_->add(write, std::move(caller));
    } else {
      caller.done(nullptr);
    }
  }
  for (std::size_t i = 0; i < job.rewrite_callers.size(); ++i) {
    pending_bytes_ -= job.transaction.rewrites[i].body.size();
    job.rewrite_callers[i](nullptr);
  }
  for (std::size_t i = 0; i < job.document_callers.size(); ++i) {
    pending_bytes_ -= job.transaction.documents[i].value.size();
    job.document_callers[i](nullptr);
  }
}

void SqliteWriteQueue::collect_waiting() {
  const auto waiting = std::exchange(waiting_, std::make_unique<Job>());
  for (std::size_t i = 0; i < waiting->callers.size(); ++i) {
    collecting_->add(waiting->transaction.writes[i], std::move(waiting->callers[i]));
  }
}

void SqliteWriteQueue::retry() {
  collect_waiting();
  wants_probe_ = true;
  start();
}

// A bounded part at a time, with the next transaction; as long as there is more, with each. The
// turn's end starts it, so that the looks of this turn come first: what is looked at stays.
void SqliteWriteQueue::forget_old() { wants_forgetting_ = true; }

std::int64_t SqliteWriteQueue::store_ms() const {
  return started_at_ms_ +
         static_cast<std::int64_t>(loop_.now_ms() - loop_.paused_ms() - started_ms_);
}

// A file that is gone is noticed also while nobody writes.
void SqliteWriteQueue::look_after_file() {
  wants_settling_ = true;
  start();
}

void SqliteWriteQueue::check() const {
  collecting_->check();
  waiting_->check();
  CHIRM_CHECK(retry_timer_.is_running() == failure_.has_value());
  CHIRM_CHECK(watch_timer_.is_running());
  // What waits for room is looked at again by the retry, and by nothing else.
  CHIRM_CHECK(failure_ || waiting_->callers.empty(), waiting_->callers.size());
  CHIRM_CHECK(!failure_ || !failure_->error.empty());
  CHIRM_CHECK(pending_bytes_ <= settings_.pending_bytes_max, pending_bytes_);
  if (collecting_->transaction.size() > kCheckedEntries) return;
  const std::size_t bytes = collecting_->bytes();
  CHIRM_CHECK(bytes <= pending_bytes_, bytes, pending_bytes_);
  CHIRM_CHECK(is_running_ || bytes == pending_bytes_, bytes, pending_bytes_);
}

}  // namespace chirm
