// SPDX-License-Identifier: MIT
#pragma once
// What the parts of a RedisBroker share. Private to core/broker.

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>

#include "core/base/random.h"
#include "core/broker/broker.h"
#include "core/broker/broker_counters.h"
#include "core/broker/broker_settings.h"
#include "core/broker/redis/redis_command.h"
#include "core/loop/later_calls.h"
#include "core/loop/loop.h"

namespace chirm {

class RedisDigest;

struct RedisContext {
  RedisContext(Loop& its_loop, const BrokerSettings& its_settings, std::string its_key_prefix)
      : loop(its_loop),
        settings(its_settings),
        later(its_loop),
        key_prefix(std::move(its_key_prefix)) {}

  // Counts a command of so many bytes among those that wait or are in flight. False when that would
  // be too many; then nothing is counted.
  bool admit(std::size_t bytes) {
    if (pending >= settings.pending_commands_max ||
        pending_bytes + bytes > settings.pending_bytes_max) {
      return false;
    }
    ++pending;
    pending_bytes += bytes;
    return true;
  }
  void release(std::size_t bytes) {
    --pending;
    pending_bytes -= bytes;
  }

  // A name for an epoch, should one be needed.
  std::string new_epoch() { return random.name(8); }

  Loop& loop;
  const BrokerSettings settings;
  BrokerListener* listener = nullptr;
  const RedisDigest* digest = nullptr;
  BrokerCounters counters;
  Random random;  // for epochs
  LaterCalls later;
  const std::string key_prefix;       // of keys, see redis_scripts.h
  std::string topic_prefix;           // of a channel's Pub/Sub topic
  std::uint64_t first_true_life = 0;  // see redis_life_scripts.h
  std::size_t pending = 0;
  std::size_t pending_bytes = 0;
};

// KEYS 1-2 of both scripts.
void add_channel_keys(RedisCommand& command, const RedisContext& context, std::string_view channel);
// The key of what `user` has published under `message_id`.
void add_id_key(RedisCommand& command, const RedisContext& context, std::string_view channel,
                std::string_view user, std::string_view message_id);
// The newest position that this node has got: of a message, or of an answer whose message did not
// come yet, or does not come, as it does not follow the channel.
Position known_position(const RedisContext& context, std::string_view channel);
// ARGV 1-5 of both scripts.
constexpr std::size_t kKnownArguments = 5;
// Returns the known epoch.
std::string add_known_position(RedisCommand& command, RedisContext& context,
                               std::string_view channel);

}  // namespace chirm
