// SPDX-License-Identifier: MIT
#pragma once
// What waits for the writer of an embedded store: group commits. While one transaction is on the
// disk (on a worker thread), the next one collects; so a commit costs the less, the more is
// written. Private to core/broker; loop's thread.
//
//   collecting ──start()──▶ running ──▶ committed: each caller is told, in order
//       ▲                      │
//       │ once a second        ├──failed──▶ callers are told null, but for
//       └──────waiting ◀───────┘            those that may wait for room
//
// When a transaction fails (the disk is full), each later one tries again; and each second
// something is written to find out whether there is room again, so that service returns by itself.
//
// Before anybody is told, and each second, it is looked whether the file is still in its place.
// When it is gone, nothing is written or told any more until it is back.

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/error.h"
#include "core/base/guard.h"
#include "core/broker/broker_settings.h"
#include "core/broker/sqlite/sqlite_transaction.h"
#include "core/loop/timer.h"
#include "protocol/expected.h"

namespace chirm {

class Loop;
class SqliteStoreWriter;

class SqliteWriteQueue {
 public:
  // These are called once, never from within an add…(), with what was asked and its results; null
  // when it failed.
  using OnWritten = std::function<void(const SqliteWrite*)>;
  using OnRewritten = std::function<void(const SqliteRewrite*)>;
  using OnChanged = std::function<void(const SqliteDocumentChange*)>;
  using OnIndexed = std::function<void(Expected<bool, Error> has_more)>;

  // The loop must outlive the queue; work that is on the disk when the queue goes is finished
  // without it, and nobody is told.
  SqliteWriteQueue(Loop& loop, const BrokerSettings& settings,
                   std::shared_ptr<SqliteStoreWriter> store);
  ~SqliteWriteQueue();

  // Whether a body or value of so many bytes may be added; false when too much waits already.
  bool has_room(std::size_t bytes) const;
  // For the next transaction. There must be room. The body of a write is not empty.
  void add(SqliteWrite write, OnWritten done);
  void add(SqliteRewrite rewrite, OnRewritten done);
  void add(SqliteDocumentChange change, OnChanged done);
  // A look at a channel's position, which makes the channel when there is none. It has its place in
  // the order of the commits, and is never refused. A channel that exists is found also when
  // nothing can be written; one that does not fails, or waits for room.
  enum class Patience : std::uint8_t { kFail, kWaitForRoom };
  void add_look(std::string_view channel, Patience patience, OnWritten done);
  // Brings a part of a channel into the index, behind the next transaction.
  void add_indexing(std::string_view channel, OnIndexed done);

  // Begins the next transaction, unless one is under way or there is nothing to do. At the end of
  // each turn.
  void start();

  struct Failure {
    std::string error;
    std::int64_t since_unix_ms = 0;
    bool is_gone = false;  // the file is: what can still be read of it is of no use either
  };
  // Why it cannot write; nullptr while it can, as far as is known.
  const Failure* failure() const { return failure_ ? &*failure_ : nullptr; }

  bool is_gone() const { return failure_ && failure_->is_gone; }

  // What its members promise of each other; at the end of a turn.
  void check() const;

 private:
  struct Caller {
    OnWritten done;
    Patience patience;
  };
  struct Job;

  void count(std::size_t bytes);
  void on_done(Job& job);
  void tell(Job& job);
  void tell_failed(Job& job);
  void note_result(const Job& job);
  void collect_waiting();
  void retry();
  void forget_old();
  void look_after_file();
  // The store's time (sqlite_clock.h): the loop's, without its pauses.
  std::int64_t store_ms() const;

  Loop& loop_;
  const BrokerSettings settings_;
  const std::shared_ptr<SqliteStoreWriter> store_;  // shared with the job that is running
  const std::int64_t started_at_ms_;  // the store's time when the loop's was started_ms_
  const std::uint64_t started_ms_;
  std::shared_ptr<Job> collecting_;  // what the next transaction will do
  std::unique_ptr<Job> waiting_;     // looks, for when there is room
  bool is_running_ = false;          // a job is on a worker thread
  std::size_t pending_bytes_ = 0;    // of what was admitted and is not answered
  std::optional<Failure> failure_;
  bool wants_forgetting_ = false;
  bool wants_probe_ = false;
  bool wants_settling_ = false;
  Timer forget_timer_;
  Timer watch_timer_;
  Timer retry_timer_;  // runs exactly while there is a failure
  Guard guard_;
};

}  // namespace chirm
