// SPDX-License-Identifier: MIT
#pragma once
// What the parts of a RedisBroker share. Private to core/broker.

#include <cstddef>
#include <string>

#include "core/base/random.h"
#include "core/broker/broker.h"
#include "core/broker/broker_counters.h"
#include "core/broker/broker_settings.h"
#include "core/broker/later_calls.h"
#include "core/broker/redis_command.h"
#include "core/loop/loop.h"

namespace chirm {

struct RedisContext {
  RedisContext(Loop& its_loop, const BrokerSettings& its_settings)
      : loop(its_loop), settings(its_settings), later(its_loop) {}

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

  Loop& loop;
  const BrokerSettings settings;
  BrokerListener* listener = nullptr;
  BrokerCounters counters;
  Random random;  // for epochs
  LaterCalls later;
  std::string key_prefix;    // of keys, see redis_scripts.h
  std::string topic_prefix;  // of a channel's Pub/Sub topic
  std::size_t pending = 0;
  std::size_t pending_bytes = 0;
};

// ARGV 1-4 of both scripts.
void add_known_position(RedisCommand& command, RedisContext& context, std::string_view channel);

}  // namespace chirm
