// SPDX-License-Identifier: MIT
#pragma once
// Reading a channel: its position, and entries of its log. Private to core/broker.

#include <string>

#include "core/broker/broker.h"
#include "core/broker/redis/redis_commands.h"
#include "core/broker/redis/redis_context.h"

namespace chirm {

class RedisRead final : public RedisRequest {
 public:
  enum class Patience : std::uint8_t {
    kHold,     // fails after hold_ms, and counts among what may wait: see submit()
    kForever,  // waits for Redis as long as that takes
  };
  using Done = Broker::Callback<History>;

  // Never calls `done` from within, also not when too many commands wait and the read fails.
  static void submit(RedisContext& context, RedisCommands& commands, const HistoryRequest& request,
                     Patience patience, Done done);

  ~RedisRead() override = default;
  bool is_wanted() const override { return static_cast<bool>(done_); }
  void write(RedisCommand& command, const RedisScriptNames& scripts) override;
  void on_reply(const RedisReply& reply) override;
  void on_error() override;
  void on_lost() override {}  // reading twice does no harm
  void expire(std::uint64_t now_ms) override;

 private:
  RedisRead(RedisContext& context, const HistoryRequest& request, Patience patience, Done done);

  void write_range(RedisCommand& command) const;
  std::size_t bytes() const { return sizeof(*this) + channel_.size(); }
  Done take();

  RedisContext& context_;
  const std::string channel_;
  const std::uint64_t since_;
  const std::uint32_t limit_;
  const bool reverse_;
  const std::size_t bytes_max_;
  const Patience patience_;
  const std::uint64_t submitted_ms_;
  Done done_;  // empty: has failed
};

}  // namespace chirm
