// SPDX-License-Identifier: MIT
#pragma once
// Messages between nodes over Redis Pub/Sub. What a turn has for all nodes is one message of the
// topic of all nodes, numbered, so that a receiver notices when one is lost. Each second a node
// says that it lives, and how many it has sent. Which nodes live is RedisPeers' to say. Private to
// core/broker; loop's thread. What it has to send, of each kind, makes its members many.
//
//   batch   'n', sender, number of this batch, for each message its kind and itself
//   beat    'b', sender, number of its last batch
//   bye     'x', sender
//   direct  'm', sender, for each message its kind and itself

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "core/base/string_hash.h"
#include "core/broker/node_bus.h"
#include "core/broker/redis/redis_commands.h"
#include "core/broker/redis/redis_context.h"
#include "core/broker/redis/redis_peers.h"
#include "core/loop/timer.h"

namespace chirm {

class RedisNodeBus final : public NodeBus {
 public:
  // `all_topic` is the topic of all nodes; `topic_prefix` with a node's id behind it is that node's
  // own. Messages of both come to on_message().
  RedisNodeBus(RedisContext& context, RedisCommands& commands, std::string node_id,
               std::string all_topic, std::string topic_prefix, std::uint64_t beat_period_ms);

  void add_listener(std::string_view kind, NodeListener& listener) override;
  bool send_all(std::string_view kind, std::string_view message) override;
  bool send(std::string_view node, std::string_view kind, std::string_view message) override;
  const std::string& node_id() const override { return node_id_; }
  std::vector<std::string> nodes() const override;

  void start() { beat_timer_.start_repeating(beat_period_ms_); }
  // From now on messages arrive; before, some may not have.
  void on_subscribed();
  // What is no message of this bus is ignored.
  void on_message(std::string_view message);
  // At the end of each turn, before commands are flushed.
  void flush();
  // Says goodbye, as far as that is possible at once.
  void leave();
  // What the members promise of each other; at the end of a turn, after flush().
  void check() const;

 private:
  using Batches = std::map<std::string, std::string, std::less<>>;  // by node

  void on_heard(const std::string& node, RedisPeers::Heard heard);
  void deliver(std::string_view node, std::string_view items);
  void on_own_beat();
  void lose(const std::string& node);
  void beat();
  bool publish(std::string_view topic, std::string_view payload);
  void flush_batch();
  template <class Tell>
  void tell_all(Tell tell);

  // A message of the bus; it must not keep others waiting.
  static constexpr std::size_t kBatchBytes = 256 * 1024;

  RedisContext& context_;
  RedisCommands& commands_;
  const std::string node_id_;
  const std::string all_topic_;
  const std::string topic_prefix_;
  const std::uint64_t beat_period_ms_;
  std::unordered_map<std::string, NodeListener*, StringHash, std::equal_to<>> listeners_;
  RedisPeers peers_;
  std::uint64_t number_ = 0;           // of the last batch that was sent, or could not be
  std::string batch_;                  // of this turn, for all nodes: kinds and messages
  Batches direct_;                     // of this turn, for one node each
  std::uint64_t counted_beat_ms_ = 0;  // when one of our own has come back and was counted
  bool was_open_ = false;
  bool has_failed_ = false;  // something was not sent since the link was open
  bool wants_beat_ = false;
  Timer beat_timer_;
};

}  // namespace chirm
