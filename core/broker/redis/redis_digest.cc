// SPDX-License-Identifier: MIT
#include "core/broker/redis/redis_digest.h"

#include <utility>

#include "core/base/pack.h"
#include "core/broker/redis/redis_bus_message.h"

namespace chirm {

namespace {
constexpr char kDigest = 'd';
}

RedisDigest::RedisDigest(RedisContext& context, RedisCommands& commands, std::string topic)
    : context_(context),
      commands_(commands),
      topic_(std::move(topic)),
      timer_(context.loop, [this] { send(); }) {}

// A digest that could only be sent in part, or not at all, is sent again as a whole the next time:
// saying a position three times does no harm.
void RedisDigest::send() {
  if (context_.positions.is_all_said()) return;
  piece_.assign(1, kDigest);
  const bool is_sent = context_.positions.visit_unsaid(
      [this](const std::string& channel, const Position& one) { return append(channel, one); });
  if (is_sent && send_piece()) context_.positions.age();
}

bool RedisDigest::append(const std::string& channel, const Position& position) {
  pack::put_text(piece_, channel);
  pack::put_text(piece_, position.epoch);
  pack::put_number(piece_, position.offset);
  return piece_.size() < kPieceBytes || send_piece();
}

// Sent around the queue of requests: it is worth nothing later, and must not come before the
// answers that it speaks of, which is so on the same connection.
bool RedisDigest::send_piece() {
  if (piece_.size() == 1) return true;
  const bool is_sent = commands_.send({"PUBLISH", topic_, piece_}, nullptr);
  piece_.assign(1, kDigest);
  if (is_sent) ++context_.counters.digests;
  return is_sent;
}

// The topic is open to whoever can publish in it: what cannot be read, or is no position, ends the
// message. The offset of a new epoch is 0.
void RedisDigest::read(std::string_view message, const OnPosition& on_position) {
  if (message.empty() || message.front() != kDigest) return;
  message.remove_prefix(1);
  while (!message.empty()) {
    const auto channel = pack::take_text(message);
    const auto epoch = channel ? pack::take_text(message) : std::nullopt;
    const auto offset = epoch ? pack::take_number<std::uint64_t>(message) : std::nullopt;
    if (!offset || channel->empty() || epoch->empty()) return;
    if (*offset > RedisBusMessage::kNumberMax) return;
    on_position(*channel, *epoch, *offset);
  }
}

}  // namespace chirm
