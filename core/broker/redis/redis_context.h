// SPDX-License-Identifier: MIT
#pragma once
// What the parts of a RedisBroker share: settings, counters, what is known of the channels, and how
// much may wait. Private to core/broker; loop's thread.
//
// Seventeen members, as all parts of the broker meet here.

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>

#include "core/base/check.h"
#include "core/base/random.h"
#include "core/broker/broker.h"
#include "core/broker/broker_counters.h"
#include "core/broker/broker_settings.h"
#include "core/broker/redis/kept/redis_kept_memory.h"
#include "core/broker/redis/link/redis_command.h"
#include "core/broker/redis/redis_positions.h"
#include "core/loop/later_calls.h"
#include "core/loop/loop.h"

namespace chirm {

struct RedisContext {
  // Of a node that may not ask: later than all. Lua's numbers hold it.
  static constexpr std::uint64_t kAnyLife = std::uint64_t{1} << 52;
  // For the newest edits and deletions of all channels, and for the newest message ids that bodies
  // do not say: 1,000 channels' and more with what is usual (docs/operations.md).
  static constexpr std::size_t kRewritesBytesMax = std::size_t{16} << 20;
  static constexpr std::size_t kKeysBytesMax = std::size_t{16} << 20;

  RedisContext(Loop& its_loop, const BrokerSettings& its_settings, std::string its_key_prefix,
               std::string its_topic_prefix)
      : loop(its_loop),
        settings(its_settings),
        later(its_loop),
        key_prefix(std::move(its_key_prefix)),
        topic_prefix(std::move(its_topic_prefix)) {}

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
  // The command is answered or given up: what admit() has counted, once.
  void release(std::size_t bytes) {
    CHIRM_CHECK(pending > 0 && pending_bytes >= bytes, pending, pending_bytes, bytes);
    --pending;
    pending_bytes -= bytes;
  }

  // A name for an epoch, should one be needed.
  std::string new_epoch() { return random.name(8); }

  // A channel's Pub/Sub topic.
  std::string topic(std::string_view channel) const {
    return std::string(topic_prefix).append(channel);
  }

  // What the members promise of each other; at the end of a turn.
  void check() const {
    CHIRM_CHECK(pending <= settings.pending_commands_max, pending);
    CHIRM_CHECK(pending_bytes <= settings.pending_bytes_max, pending_bytes);
    CHIRM_CHECK(pending != 0 || pending_bytes == 0, pending_bytes);
    positions.check();
    rewrites_memory.check();
    keys_memory.check();
    later.check();
  }

  Loop& loop;
  const BrokerSettings settings;
  BrokerListener* listener = nullptr;  // set before anything is sent
  RedisPositions positions;
  RedisKeptMemory rewrites_memory{kRewritesBytesMax};
  RedisKeptMemory keys_memory{kKeysBytesMax};
  BrokerCounters counters;
  Random random;  // for epochs
  LaterCalls later;
  const std::string key_prefix;       // of keys, see redis_scripts.h
  const std::string topic_prefix;     // of a channel's Pub/Sub topic
  std::uint64_t first_true_life = 0;  // see redis_life_scripts.h
  std::uint64_t life = kAnyLife;      // that this node has arrived in
  std::uint64_t newest_life = 0;      // of which a channel has told
  std::uint64_t clock_ms = 0;         // the store's, when this node last heard of it
  std::size_t pending = 0;            // commands that were admitted and not released
  std::size_t pending_bytes = 0;
};

// KEYS 1-2 of the scripts of a channel (redis_scripts.h).
void add_channel_keys(RedisCommand& command, const RedisContext& context, std::string_view channel);
// When the message ids' period began (redis_scripts.h), ms of the store's clock; a node that does
// not know that goes by the machine's. Only if message ids are remembered at all.
std::uint64_t message_ids_period_ms(const RedisContext& context);
// The newest position that this node knows: the listener's, or that of an answer whose message has
// not come yet, or will not come because the node does not follow the channel.
Position known_position(const RedisContext& context, std::string_view channel);
// ARGV 1-6 of the scripts that publish and read. Returns the known epoch.
constexpr std::size_t kKnownArguments = 6;
std::string add_known_position(RedisCommand& command, RedisContext& context,
                               std::string_view channel);

}  // namespace chirm
