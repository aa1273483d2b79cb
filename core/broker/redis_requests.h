// SPDX-License-Identifier: MIT
#pragma once
// The two requests that a RedisBroker queues: publishing, and reading a channel. Private to
// core/broker.

#include <string>
#include <string_view>

#include "core/base/random.h"
#include "core/broker/broker.h"
#include "core/broker/broker_counters.h"
#include "core/broker/broker_settings.h"
#include "core/broker/redis_commands.h"

namespace chirm {

// What all requests of a broker have in common; outlives them.
struct RedisRequestContext {
  std::string key_prefix;    // of keys, see redis_scripts.h
  std::string topic_prefix;  // of a channel's Pub/Sub topic
  BrokerSettings settings;
  BrokerListener* listener = nullptr;
  BrokerCounters counters;
  Random random;  // for new epochs
};

class RedisPublish : public RedisRequest {
 public:
  RedisPublish(RedisRequestContext& context, const PublishRequest& request,
               Broker::Callback<Position> done);

  void write(RedisCommand& command, const RedisScriptNames& scripts) override;
  void on_reply(const RedisReply& reply) override;
  void on_failure() override;
  std::size_t bytes() const override { return sizeof(*this) + text_.size(); }
  bool is_repeatable() const override { return has_id(); }
  bool expires() const override { return true; }

 private:
  bool has_id() const { return id_bytes_ != 0 && context_.settings.idempotency_ttl_ms != 0; }

  RedisRequestContext& context_;
  // channel, user, message id, body
  std::string text_;
  std::size_t channel_bytes_;
  std::size_t user_bytes_;
  std::size_t id_bytes_;
  Broker::Callback<Position> done_;
};

class RedisRead : public RedisRequest {
 public:
  // `expires` as in RedisRequest.
  RedisRead(RedisRequestContext& context, const HistoryRequest& request, bool expires,
            Broker::Callback<History> done);

  void write(RedisCommand& command, const RedisScriptNames& scripts) override;
  void on_reply(const RedisReply& reply) override;
  void on_failure() override;
  std::size_t bytes() const override { return sizeof(*this) + channel_.size(); }
  bool is_repeatable() const override { return true; }
  bool expires() const override { return expires_; }

 private:
  void write_range(RedisCommand& command) const;

  RedisRequestContext& context_;
  std::string channel_;
  std::uint64_t since_;
  std::uint32_t limit_;
  bool reverse_;
  bool expires_;
  Broker::Callback<History> done_;
};

}  // namespace chirm
