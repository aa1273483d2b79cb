// SPDX-License-Identifier: MIT
#include "core/broker/redis_context.h"

namespace chirm {

namespace {
constexpr std::size_t kEpochLetters = 8;
}

void add_known_position(RedisCommand& command, RedisContext& context, std::string_view channel) {
  const Position known = context.listener->known_position(channel);
  command.add(known.epoch).add(known.offset);
  command.add(context.random.name(kEpochLetters));
  command.add(static_cast<std::uint64_t>(Loop::unix_ms()));
}

}  // namespace chirm
