// SPDX-License-Identifier: MIT
#pragma once
// Several independent Redis, each with its share of the channels. What happens in a channel happens
// on its shard alone: a shard that is away harms no others.
//
// A channel belongs to the shard with the highest score of (channel, shard's name), so that adding
// or removing a shard moves only that one's share (rendezvous hashing). All nodes must be given the
// same shards: see shards_digest().

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/broker/broker.h"
#include "core/broker/sharded_documents.h"

namespace chirm {

class ShardedBroker final : public Broker {
 public:
  struct Shard {
    std::string name;  // unique; the channels' places depend on it
    std::unique_ptr<Broker> broker;
  };
  explicit ShardedBroker(std::vector<Shard> shards);  // at least one

  void set_listener(BrokerListener& listener) override;
  void publish(const PublishRequest& request, Callback<Position> done) override;
  void signal(std::string_view channel, std::string_view body) override;
  void rewrite(const RewriteRequest& request, Callback<Rewritten> done) override;
  void refuse_waiting() override;
  void subscribe(std::string_view channel, Callback<LogTop> done) override;
  void unsubscribe(std::string_view channel) override;
  void history(const HistoryRequest& request, Callback<History> done) override;
  void search(const SearchRequest& request, Callback<SearchResult> done) override;
  // A collection is on the shard that a channel of its name would be on.
  DocumentStore& documents() override { return documents_; }
  // The bus of the shard that the channel `nodes` would be on.
  NodeBus& nodes() override { return of("nodes").nodes(); }
  void flush() override;
  // Ready when all are. Away when all are, or one is another cluster's.
  Health health() const override;
  std::vector<StoreHealth> stores() const override;
  // The sums, as of this call.
  const BrokerCounters& counters() const override;

 private:
  Broker& of(std::string_view channel);
  std::vector<DocumentStore*> all_documents();

  std::vector<Shard> shards_;
  std::vector<std::string> names_;
  ShardedDocuments documents_;
  mutable BrokerCounters counters_;
};

// Which of these names a channel belongs to: the one with the highest 64-bit FNV-1a hash of the
// name, a zero byte and the channel, finished with MurmurHash3's mixer; of equals, the first.
// Never changes: where channels are depends on it.
std::size_t shard_of(std::string_view channel, const std::vector<std::string>& names);

// A short text that is the same for the same names in any order, else another one. One shard has
// all channels whatever it is called, and may be called differently by each node.
std::string shards_digest(std::vector<std::string> names);

}  // namespace chirm
