// SPDX-License-Identifier: MIT
#pragma once
// The broker of a single node, in memory: nothing survives the process. For development, tests and
// measuring. When all logs together grow beyond memory_bytes_max, the channel that was silent
// longest loses its oldest publications.

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "core/base/intrusive_list.h"
#include "core/base/random.h"
#include "core/broker/broker.h"
#include "core/broker/broker_counters.h"
#include "core/broker/broker_settings.h"
#include "core/broker/memory/local_node_bus.h"
#include "core/broker/memory/memory_documents.h"
#include "core/broker/message_ids.h"
#include "core/loop/timer.h"

namespace chirm {

class Loop;

class MemoryBroker final : public Broker {
 public:
  MemoryBroker(Loop& loop, const BrokerSettings& settings);

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
  Health health() const override { return Health::kReady; }
  std::vector<StoreHealth> stores() const override;
  const BrokerCounters& counters() const override { return counters_; }

 private:
  static constexpr std::size_t kMessageIdsMax = 100'000;  // of a channel

  struct ByUseTag;
  struct Kept {
    std::deque<Publication> publications;
    MessageIds message_ids{kMessageIdsMax};
  };
  struct Log : ListHook<ByUseTag> {
    std::string epoch;
    std::uint64_t top = 0;
    std::unique_ptr<Kept> kept;  // null until something is published: most inboxes stay so
    std::uint64_t touched_ms = 0;
    bool is_subscribed = false;
  };

  Log& find_or_create(std::string_view channel);
  std::uint64_t store(std::string_view channel, Log& log, const std::string& message_key,
                      std::string body);
  static Publication* find_publication(Log& log, std::uint64_t offset);  // null: it is not there
  void drop_oldest(Log& log);
  void bound_memory();
  void forget_old();

  Loop& loop_;
  BrokerSettings settings_;
  MemoryDocuments documents_;
  LocalNodeBus nodes_;
  BrokerListener* listener_ = nullptr;
  BrokerCounters counters_;
  Random random_;
  std::unordered_map<std::string, Log> logs_;
  IntrusiveList<Log, ByUseTag> by_use_;  // those with publications, the one silent longest first
  std::size_t stored_bytes_ = 0;
  std::vector<std::function<void()>> deferred_;  // what the turn's calls will do, in order
  std::size_t deferred_bytes_ = 0;
  Timer retention_timer_;
};

}  // namespace chirm
