// SPDX-License-Identifier: MIT
#pragma once
// Proves delivery: each second a script writes a key and publishes, as publishes do, and the
// message must come back over Pub/Sub. A replica, a Redis whose memory is full, a server or a
// connection that hangs: none of them passes that. Private to core/broker; loop's thread.
//
//   probe_us      sent ──script──▶ answered ──Pub/Sub──▶ arrived: proof_us_
//   ready         while both links are up and the newest proof was sent within kPeriodsMax periods
//
// Its many members are what is known of the newest probes; health() is one judgement of them all.

#include <cstdint>
#include <string>

#include "core/broker/broker_health.h"
#include "core/broker/redis/redis_commands.h"
#include "core/broker/redis/redis_context.h"
#include "core/broker/redis/redis_subscriber.h"

namespace chirm {

class RedisProbe final : public RedisTopic {
 public:
  // `topic` is this node's alone and one of the subscriber's control topics. `store` names the
  // Redis in the log; `shards` is RedisIdentity's.
  RedisProbe(RedisContext& context, RedisCommands& commands, RedisSubscriber& subscriber,
             std::string topic, std::string store, std::string shards, std::uint64_t period_ms);

  // Each period. Also drops a Pub/Sub link on which nothing arrives, so that it is made again.
  void tick();
  // At the end of each turn, before commands are flushed: probes at once when the links have come
  // up.
  void on_turn_end();

  // Commands can be sent, and answers over the bus arrive.
  bool is_linked() const { return commands_.is_open() && subscriber_.is_ready(); }
  Health health() const;
  StoreHealth store() const;

  void on_subscribed() override {}
  void on_message(std::string_view message) override;

 private:
  // Less than `kPeriodsMax` periods ago.
  bool is_recent(std::uint64_t time_us) const;
  bool is_refused() const { return is_linked() && !refusal_.empty() && is_recent(answered_us_); }
  void send();
  void on_answer(std::uint64_t probe_us, const RedisReply& reply);
  std::string problem() const;
  void log_change();

  static constexpr std::uint64_t kPeriodsMax = 3;

  RedisContext& context_;
  RedisCommands& commands_;
  RedisSubscriber& subscriber_;
  const std::string topic_;
  const std::string store_;
  const std::string shards_;
  const std::uint64_t period_us_;

  // A probe is named by the time at which it was sent, in microseconds of Loop::clock_ns().
  bool was_linked_ = false;
  std::uint64_t linked_us_ = 0;    // since when both links are up
  std::uint64_t answered_us_ = 0;  // the newest one that Redis has run or refused
  std::uint64_t proof_us_ = 0;     // the newest one that came back; 0: none yet
  std::uint64_t round_trip_us_ = 0;
  std::string refusal_;           // what Redis answered to the newest probe; "" when it has run it
  bool is_foreign_ = false;       // as of then, other nodes were given other shards
  std::uint64_t refused_us_ = 0;  // since when
  const std::uint64_t started_us_;

  std::uint64_t undelivered_ = 0;  // probes run since anything arrived
  std::uint64_t pushes_seen_ = 0;
  Health logged_ = Health::kAway;
  bool is_logged_as_foreign_ = false;
};

}  // namespace chirm
