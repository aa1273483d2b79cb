// SPDX-License-Identifier: MIT
#include "core/broker/redis/redis_context.h"

#include <utility>

namespace chirm {

void add_channel_keys(RedisCommand& command, const RedisContext& context,
                      std::string_view channel) {
  command.add_joined({context.key_prefix, "{", channel, "}:m"});
  command.add_joined({context.key_prefix, "{", channel, "}:s"});
}

// A period is longer than ids are to be remembered: the store's clock is behind by up to the
// renewal of a lease, this node's knowledge of it by another one, and by a pause for which the node
// goes on as if nothing had been (a quarter of the ttl, bin/chirmd_options.cc).
std::uint64_t message_ids_period_ms(const RedisContext& context) {
  constexpr std::uint64_t kRenewalsMs = 2000;
  const std::uint64_t length_ms = context.settings.idempotency_ttl_ms * 5 / 4 + kRenewalsMs;
  const bool has_clock = context.life != RedisContext::kAnyLife;
  const std::uint64_t now_ms =
      has_clock ? context.clock_ms : static_cast<std::uint64_t>(context.loop.unix_ms());
  return now_ms - now_ms % length_ms;
}

Position known_position(const RedisContext& context, std::string_view channel) {
  Position known = context.listener->known_position(channel);
  const Position* noted = context.positions.find(channel);
  if (noted == nullptr) return known;
  // Of two epochs the listener's counts: it has been told of that one.
  const bool is_newer = known.epoch == noted->epoch && noted->offset > known.offset;
  return known.epoch.empty() || is_newer ? *noted : known;
}

// The position and the new epoch go with every call, although they are hardly ever needed: the
// script must decide in one step whether the numbering can be trusted, and cannot ask back.
std::string add_known_position(RedisCommand& command, RedisContext& context,
                               std::string_view channel) {
  Position known = known_position(context, channel);
  command.add(known.epoch).add(known.offset);
  command.add(context.new_epoch());
  command.add(static_cast<std::uint64_t>(context.loop.unix_ms()));
  command.add(context.first_true_life).add(context.life);
  return std::move(known.epoch);
}

}  // namespace chirm
