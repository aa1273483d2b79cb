// SPDX-License-Identifier: MIT
#pragma once
// The broker of a single node whose channels survive it: a SQLite database, written on libuv's
// worker pool in group commits. An ack follows its commit, and so does delivery: nobody sees what
// may still be lost.
//
// When the disk is full or cannot be written, publishes fail with kInternal and reading goes on,
// and so does following channels that exist. Service returns by itself (sqlite_write_queue.h). When
// the file is deleted or replaced, nothing is served until it is back.

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "core/base/intrusive_list.h"
#include "core/base/string_hash.h"
#include "core/broker/broker.h"
#include "core/broker/broker_counters.h"
#include "core/broker/broker_settings.h"
#include "core/broker/memory/local_node_bus.h"
#include "core/broker/sqlite/sqlite_documents.h"
#include "core/broker/sqlite/sqlite_read_queue.h"
#include "core/broker/sqlite/sqlite_transaction.h"
#include "core/broker/sqlite/sqlite_write_queue.h"
#include "core/broker/store_space.h"
#include "core/loop/timer.h"

namespace chirm {

class Loop;

class SqliteBroker final : public Broker {
 public:
  // Opens or creates the file. The loop must outlive the broker; work that is on the disk when the
  // broker goes is finished without it.
  [[nodiscard]] static Expected<std::unique_ptr<SqliteBroker>, Error> open(
      Loop& loop, const std::string& path, StoreSync sync, const BrokerSettings& settings);

  void set_listener(BrokerListener& listener) override;
  void publish(const PublishRequest& request, Callback<Position> done) override;
  void signal(std::string_view channel, std::string_view body) override;
  void rewrite(const RewriteRequest& request, Callback<Rewritten> done) override;
  void refuse_waiting() override {}  // there is no other node; what waits is done, and told
  void subscribe(std::string_view channel, Callback<LogTop> done) override;
  void unsubscribe(std::string_view channel) override;
  void history(const HistoryRequest& request, Callback<History> done) override;
  void search(const SearchRequest& request, Callback<SearchResult> done) override;
  DocumentStore& documents() override { return documents_; }
  NodeBus& nodes() override { return nodes_; }
  void flush() override;
  // kDegraded after a failed write, until there is room for a large message. kAway while the file
  // is gone, or another one is in its place.
  Health health() const override;
  std::vector<StoreHealth> stores() const override;
  const BrokerCounters& counters() const override { return counters_; }

 private:
  struct ByRenewalTag;
  struct Subscription : ListHook<ByRenewalTag> {
    Subscription(std::uint64_t its_id, std::string_view its_channel, std::uint64_t now_ms)
        : id(its_id), channel(its_channel), renewed_ms(now_ms) {}

    const std::uint64_t id;     // which call of subscribe() it is
    const std::string channel;  // the key, for the list
    bool is_live = false;       // that call's turn has come in the order of commits
    std::uint64_t renewed_ms;   // when the channel was last looked at, which keeps its numbering
  };

  SqliteBroker(Loop& loop, std::string path, const BrokerSettings& settings,
               std::shared_ptr<SqliteStoreWriter> writer,
               std::shared_ptr<SqliteStoreReader> reader);

  void deliver(const SqliteWrite& write);
  void go_live(const std::string& channel, std::uint64_t subscription_id);
  void on_rewritten(const SqliteRewrite& rewrite);
  bool read_history(const SqliteRange& range, Callback<History> done);
  void on_history(const SqliteRange& range, Expected<History, ErrorCode> history,
                  const Callback<History>& done);
  void index_then_search(const SqliteSearch& search, Callback<SearchResult> done);
  void renew_numberings();
  template <class T>
  void refuse(Callback<T> done, ErrorCode error = errors::kInternal);
  void look_for_space();
  void check() const;

  Loop& loop_;
  const std::string path_;
  const BrokerSettings settings_;
  StoreSpace disk_space_;
  StoreSpace file_space_;
  SqliteWriteQueue writes_;
  SqliteReadQueue reads_;
  SqliteDocuments documents_;
  LocalNodeBus nodes_;
  BrokerListener* listener_ = nullptr;
  BrokerCounters counters_;
  std::unordered_map<std::string, Subscription, StringHash, std::equal_to<>> subscriptions_;
  IntrusiveList<Subscription, ByRenewalTag> by_renewal_;  // all; the one to renew next first
  Timer renewal_timer_;
  Timer space_timer_;
  std::uint64_t last_subscription_id_ = 0;
  std::uint64_t rewrites_ = 0;                   // in all channels, since the start
  std::vector<std::function<void()>> deferred_;  // answers for the end of the turn
};

}  // namespace chirm
