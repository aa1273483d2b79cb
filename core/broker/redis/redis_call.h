// SPDX-License-Identifier: MIT
#pragma once
// A request that is put together from functions, for calls that need no class of their own. It is
// held while Redis is away, up to hold_ms, and counts among what may wait. Private to core/broker.

#include <cstddef>
#include <cstdint>
#include <functional>
#include <utility>

#include "core/broker/redis/redis_commands.h"
#include "core/broker/redis/redis_context.h"

namespace chirm {

class RedisCall final : public RedisRequest {
 public:
  struct What {
    std::function<void(RedisCommand& command, const RedisScriptNames& scripts)> write;
    std::function<void(const RedisReply* reply)> done;  // null: it failed
    bool is_repeatable;  // doing it twice does no harm: sent again when the answer was lost
    std::size_t bytes;   // about what it holds
  };

  // `done` is called once, never from within submit(), and at the latest after hold_ms.
  static void submit(RedisContext& context, RedisCommands& commands, What what);

  bool is_wanted() const override { return static_cast<bool>(what_.done); }
  void write(RedisCommand& command, const RedisScriptNames& scripts) override {
    what_.write(command, scripts);
  }
  void on_reply(const RedisReply& reply) override { finish(&reply); }
  void on_error() override { finish(nullptr); }
  void on_lost() override {
    if (!what_.is_repeatable) finish(nullptr);
  }
  void expire(std::uint64_t now_ms) override {
    if (now_ms - submitted_ms_ >= context_.settings.hold_ms) finish(nullptr);
  }

 private:
  RedisCall(RedisContext& context, What what)
      : context_(context), what_(std::move(what)), submitted_ms_(context.loop.now_ms()) {}

  void finish(const RedisReply* reply);

  RedisContext& context_;
  What what_;  // `done` is empty once it was called
  const std::uint64_t submitted_ms_;
};

}  // namespace chirm
