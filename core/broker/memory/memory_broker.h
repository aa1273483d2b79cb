// SPDX-License-Identifier: MIT
#pragma once
// The broker of a single node, in memory: nothing survives the process. For development, tests and
// measuring. When all logs together grow beyond memory_bytes_max, the channel that was silent
// longest loses its oldest publications.

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "core/broker/broker.h"
#include "core/broker/broker_counters.h"
#include "core/broker/broker_settings.h"
#include "core/broker/memory/local_node_bus.h"
#include "core/broker/memory/memory_documents.h"
#include "core/broker/memory/memory_logs.h"
#include "core/loop/timer.h"

namespace chirm {

class Loop;

class MemoryBroker final : public Broker {
 public:
  MemoryBroker(Loop& loop, const BrokerSettings& settings);

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
  Health health() const override { return Health::kReady; }
  std::vector<StoreHealth> stores() const override;
  const BrokerCounters& counters() const override { return counters_; }

 private:
  void append(std::string_view channel, const std::string& message_key, std::string body,
              const Callback<Position>& done);
  std::uint64_t now_ms() const;

  Loop& loop_;
  BrokerSettings settings_;
  MemoryDocuments documents_;
  LocalNodeBus nodes_;
  BrokerListener* listener_ = nullptr;
  BrokerCounters counters_;
  MemoryLogs logs_;
  std::vector<std::function<void()>> deferred_;  // what the turn's calls will do, in order
  std::size_t deferred_bytes_ = 0;
  Timer retention_timer_;
};

}  // namespace chirm
