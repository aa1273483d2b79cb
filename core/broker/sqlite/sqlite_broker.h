// SPDX-License-Identifier: MIT
#pragma once
// The broker of a single node whose channels survive it: a SQLite database, written on libuv's
// worker pool in group commits. While one transaction is on the disk, the next collects; an ack
// follows its commit, and so does delivery: nobody sees what may still be lost.
//
// When the disk is full or cannot be written, publishes fail with kInternal and reading goes on,
// and so does following channels that exist. Each later publish tries again; and each second
// something is written to find out whether there is room again, so that service returns by itself.

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "core/base/string_hash.h"
#include "core/broker/broker.h"
#include "core/broker/broker_counters.h"
#include "core/broker/broker_settings.h"
#include "core/broker/memory/local_node_bus.h"
#include "core/broker/sqlite/sqlite_documents.h"
#include "core/broker/sqlite/sqlite_jobs.h"
#include "core/broker/sqlite/sqlite_store.h"
#include "core/loop/timer.h"

namespace chirm {

class Loop;

class SqliteBroker final : public Broker, private SqliteJobs {
 public:
  // Opens or creates the file. The loop must outlive the broker; work that is on the disk when the
  // broker goes is finished without it.
  [[nodiscard]] static Expected<std::unique_ptr<SqliteBroker>, Error> open(
      Loop& loop, const std::string& path, StoreSync sync, const BrokerSettings& settings);
  ~SqliteBroker() override;

  void set_listener(BrokerListener& listener) override { listener_ = &listener; }
  void publish(const PublishRequest& request, Callback<Position> done) override;
  void signal(std::string_view channel, std::string_view body) override;
  void rewrite(const RewriteRequest& request, Callback<Rewritten> done) override;
  void subscribe(std::string_view channel, Callback<Position> done) override;
  void unsubscribe(std::string_view channel) override;
  void history(const HistoryRequest& request, Callback<History> done) override;
  void search(const SearchRequest& request, Callback<SearchResult> done) override;
  DocumentStore& documents() override { return documents_; }
  NodeBus& nodes() override { return nodes_; }
  void flush() override;
  // kDegraded after a failed write, until there is room for a large message.
  Health health() const override { return is_failing_ ? Health::kDegraded : Health::kReady; }
  std::vector<StoreHealth> stores() const override;
  const BrokerCounters& counters() const override { return counters_; }

 private:
  struct WriteJob;
  enum class WriteKind : std::uint8_t { kPublish, kSubscribe, kLook };

  SqliteBroker(Loop& loop, const BrokerSettings& settings, std::shared_ptr<SqliteStore> writer,
               std::shared_ptr<SqliteStore> reader);

  void collect(WriteKind kind, std::string_view channel, std::uint64_t subscription_id,
               Callback<Position> done);
  void change(SqliteStore::DocumentChange change, OnChanged done) override;
  void index_then_search(const SqliteStore::Search& search, Callback<SearchResult> done);
  bool admit(std::size_t bytes);
  void start_writing();
  void on_written(WriteJob& job);
  void deliver(const SqliteStore::Write& write);
  void go_live(const SqliteStore::Write& write, std::uint64_t subscription_id);
  void fail(WriteJob& job);
  void note_failure(const std::string& error);
  void retry();
  bool read(Reading reading) override;
  void start_reading();
  bool read_history(const SqliteStore::Range& range, Callback<History> done);
  void on_history(const SqliteStore::Range& range, Expected<History, ErrorCode> history,
                  const Callback<History>& done);
  void forget_old();

  Loop& loop_;
  BrokerSettings settings_;
  SqliteDocuments documents_;
  LocalNodeBus nodes_;
  BrokerListener* listener_ = nullptr;
  BrokerCounters counters_;
  std::shared_ptr<SqliteStore> writer_;  // shared with the job that is running
  std::shared_ptr<SqliteStore> reader_;
  struct Subscription {
    std::uint64_t id;  // which call of subscribe() it is
    bool is_live;      // that call's turn has come in the order of commits
  };
  std::unordered_map<std::string, Subscription, StringHash, std::equal_to<>> subscriptions_;
  std::uint64_t next_subscription_id_ = 0;
  std::shared_ptr<WriteJob> collecting_;  // what the next transaction will do
  std::shared_ptr<WriteJob> waiting_;     // subscriptions to new channels, for when there is room
  std::uint64_t rewrites_ = 0;            // in all channels, since the start
  std::deque<Reading> reads_;
  std::vector<std::function<void()>> deferred_;  // answers for the end of the turn
  std::size_t pending_bytes_ = 0;
  bool is_writing_ = false;
  bool is_reading_ = false;
  bool is_failing_ = false;
  std::int64_t failing_since_unix_ms_ = 0;
  std::string failure_;  // the newest
  bool wants_forgetting_ = false;
  bool wants_probe_ = false;
  // Channels to bring into the index, and what then.
  struct Indexing {
    std::string channel;
    std::function<void(Expected<bool, Error> has_more)> done;
  };
  std::vector<Indexing> indexings_;
  Timer forget_timer_;
  Timer retry_timer_;                    // runs exactly while is_failing_
  std::shared_ptr<SqliteBroker*> self_;  // null inside once the broker is gone
};

}  // namespace chirm
