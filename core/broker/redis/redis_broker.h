// SPDX-License-Identifier: MIT
#pragma once
// The broker of many nodes: logs in Redis streams, delivery by Redis Pub/Sub. Redis 7 or later.
//
// Two connections to the master: commands, and Pub/Sub with one topic per subscribed channel and
// three for the nodes themselves. A third one when acks wait for replicas (redis_replica_acks.h).
// With Sentinels each of these also has one to the Sentinel that it asks, and one to every Sentinel
// for what that announces (redis_sentinel.h). What happens when they fail:
//   - Publishes and history wait up to hold_ms for Redis, in order, then fail with kInternal.
//   - The command link is lost: what was on the way is repeated when that is safe, that is history,
//     and publishes with a message id (Redis remembers the id). A publish without one fails with
//     kInternal; it may have been stored.
//   - The link that asks for replicas is lost: acks wait until it is back, hold_ms at most.
//   - The Pub/Sub link is lost: all channels are subscribed again, and on_maybe_missed() is called
//     for each as soon as its messages arrive again.
//   - A message of Pub/Sub is lost: the next one shows the hole; should there be none, the digest
//     of the node that has published it does, and on_maybe_missed() is called (redis_digest.h).
//   - A probe is published each second, see redis_probe.h; a Pub/Sub link on which nothing arrives
//     is made again.
//   - Redis comes back without its newest writes, or another takes its place: before anything is
//     published or read, the nodes give it back what the listeners' tails hold. Where that is not
//     enough, the channel gets a new epoch (redis_life_scripts.h, redis_scripts.h).
//
// The class puts the parts together and hands the calls on; it has a member for each part, and that
// is why it has many.

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/broker/broker.h"
#include "core/broker/broker_counters.h"
#include "core/broker/broker_settings.h"
#include "core/broker/redis/life/redis_life.h"
#include "core/broker/redis/life/redis_tails.h"
#include "core/broker/redis/link/redis_link.h"
#include "core/broker/redis/link/redis_url.h"
#include "core/broker/redis/redis_commands.h"
#include "core/broker/redis/redis_context.h"
#include "core/broker/redis/redis_digest.h"
#include "core/broker/redis/redis_documents.h"
#include "core/broker/redis/redis_identity.h"
#include "core/broker/redis/redis_node_bus.h"
#include "core/broker/redis/redis_node_settings.h"
#include "core/broker/redis/redis_probe.h"
#include "core/broker/redis/redis_publisher.h"
#include "core/broker/redis/redis_replica_acks.h"
#include "core/broker/redis/redis_space.h"
#include "core/broker/redis/redis_subscriber.h"
#include "core/broker/redis/redis_subscriptions.h"
#include "core/loop/timer.h"

namespace chirm {

class RedisBroker final : public Broker {
 public:
  // The loop must outlive the broker. Connects once the listener is set.
  RedisBroker(Loop& loop, const RedisUrl& url, const BrokerSettings& settings,
              const RedisIdentity& identity = {}, const RedisLinkSettings& link_settings = {},
              const RedisNodeSettings& node_settings = {});
  ~RedisBroker() override;

  void set_listener(BrokerListener& listener) override;
  void publish(const PublishRequest& request, Callback<Position> done) override;
  void signal(std::string_view channel, std::string_view body) override;
  void rewrite(const RewriteRequest& request, Callback<Rewritten> done) override;
  void refuse_waiting() override;
  // `done` is not called any more after unsubscribe().
  void subscribe(std::string_view channel, Callback<LogTop> done) override;
  void unsubscribe(std::string_view channel) override;
  void history(const HistoryRequest& request, Callback<History> done) override;
  void search(const SearchRequest& request, Callback<SearchResult> done) override;
  DocumentStore& documents() override { return documents_; }
  NodeBus& nodes() override { return nodes_; }
  void flush() override;
  Health health() const override { return probe_.health(); }
  std::vector<StoreHealth> stores() const override { return {probe_.store()}; }
  const BrokerCounters& counters() const override { return context_.counters; }

 private:
  // The topic of all nodes.
  class Bulletin final : public RedisTopic {
   public:
    explicit Bulletin(RedisBroker& owner) : owner_(owner) {}
    void on_subscribed() override {}
    void on_message(std::string_view message) override;

   private:
    RedisBroker& owner_;
  };
  // The topic of this node, which is subscribed to after that of all.
  class OwnTopic final : public RedisTopic {
   public:
    explicit OwnTopic(RedisBroker& owner) : owner_(owner) {}
    void on_subscribed() override {
      owner_.documents_.on_subscribed();
      owner_.nodes_.on_subscribed();
    }
    void on_message(std::string_view message) override { owner_.nodes_.on_message(message); }

   private:
    RedisBroker& owner_;
  };
  // Each second, whether Redis is there or not.
  void on_period();
  // What the parts promise of themselves; a bounded look at each.
  void check() const;

  RedisContext context_;
  const std::string node_name_;
  const std::string all_topic_;     // of all nodes
  const std::string process_name_;  // no other process has ever had it
  const std::string own_topic_;

  RedisCommands commands_;
  RedisDigest digest_;
  RedisTails tails_;
  RedisLife life_;
  RedisReplicaAcks replica_acks_;
  RedisPublisher publisher_;
  RedisDocuments documents_;
  RedisNodeBus nodes_;
  Bulletin bulletin_;
  OwnTopic own_;
  RedisProbe probe_;
  RedisSpace space_;
  RedisSubscriber subscriber_;
  RedisSubscriptions subscriptions_;

  const RedisNodeSettings node_settings_;
  const std::uint64_t period_ms_;
  Timer period_timer_;
};

}  // namespace chirm
