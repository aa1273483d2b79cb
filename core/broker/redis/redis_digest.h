// SPDX-License-Identifier: MIT
#pragma once
// Finds a publication that Pub/Sub lost when no later one shows the hole. Twice a second each node
// tells all how far the channels have got in which it has stored something lately. It is said on
// the connection that stored it, and after its answer: whoever hears it has received everything
// before, or never will. Each position is said twice, should a digest be lost, too. Private to
// core/broker.
//
//   message:  'd', and for each channel its name, epoch and offset

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "core/base/string_hash.h"
#include "core/broker/broker.h"
#include "core/broker/redis/redis_commands.h"
#include "core/broker/redis/redis_context.h"
#include "core/loop/timer.h"

namespace chirm {

class RedisDigest {
 public:
  using OnPosition =
      std::function<void(std::string_view channel, std::string_view epoch, std::uint64_t offset)>;

  // Digests go to `topic`, which every node has subscribed to.
  RedisDigest(RedisContext& context, RedisCommands& commands, std::string topic);

  void start(std::uint64_t period_ms) { timer_.start_repeating(period_ms); }

  // Redis has this position, and has told all who follow the channel.
  void note(std::string_view channel, const Position& position);

  // What was noted lately, up to two periods ago, or longer while nothing can be sent; or null.
  const Position* find(std::string_view channel) const;
  std::vector<std::string> channels() const;

  // Reads what came on the topic; what is no digest is ignored.
  static void read(std::string_view message, const OnPosition& on_position);

 private:
  using Positions = std::unordered_map<std::string, Position, StringHash, std::equal_to<>>;

  void send();
  bool append(const Positions& positions, const Positions& except);
  bool send_piece();

  // Channels beyond this many are not in the digest: a busy node's next publications are close.
  static constexpr std::size_t kChannelsMax = 16'384;
  // A message of the bus; it must not keep others waiting.
  static constexpr std::size_t kPieceBytes = 32 * 1024;

  RedisContext& context_;
  RedisCommands& commands_;
  const std::string topic_;
  Positions fresh_;  // said by no digest yet
  Positions said_;   // … by the last one
  std::string piece_;
  Timer timer_;
};

}  // namespace chirm
