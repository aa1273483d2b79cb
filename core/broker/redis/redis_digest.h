// SPDX-License-Identifier: MIT
#pragma once
// Finds a publication that Pub/Sub lost when no later one shows the hole. Twice a second each node
// tells all others how far the channels have got in which it has stored something lately. It says
// so on the connection that stored it, and after the answer: whoever hears it has received
// everything before, or never will. Each position is said twice, in case a digest is lost as well.
// Private to core/broker.
//
//   message:  'd', and for each channel its name, epoch and offset

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

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

  // Begins to send what is noted in the context's positions, and to let them age: each is said in
  // two digests. While nothing can be sent they stay as they are.
  void start(std::uint64_t period_ms) { timer_.start_repeating(period_ms); }

  // Reads what came on the topic; what is no digest is ignored.
  static void read(std::string_view message, const OnPosition& on_position);

 private:
  void send();
  bool append(const std::string& channel, const Position& position);
  bool send_piece();

  // A message of the bus; it must not keep others waiting.
  static constexpr std::size_t kPieceBytes = 32 * 1024;

  RedisContext& context_;
  RedisCommands& commands_;
  const std::string topic_;
  std::string piece_;  // of the digest that is being sent; its type alone in between
  Timer timer_;
};

}  // namespace chirm
