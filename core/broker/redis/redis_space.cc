// SPDX-License-Identifier: MIT
#include "core/broker/redis/redis_space.h"

#include "core/broker/redis/life/redis_server_info.h"

namespace chirm {

void RedisSpace::tick() {
  if (!commands_.is_open()) return;
  // What is not answered is asked again in the next period.
  (void)commands_.send({"INFO", "memory"}, [this](const RedisReply& reply) { on_memory(reply); });
}

// Who may not ask INFO has no limit here; Redis' own refusal (OOM) is the last one then.
void RedisSpace::on_memory(const RedisReply& reply) {
  if (reply.is_error()) return;
  RedisServerInfo info;
  info.read(reply.text());
  const std::uint64_t most = info.memory_bytes_max - info.memory_bytes_max / 10;
  space_.look(info.memory_bytes_max == 0 ? 0 : info.memory_bytes, most, "maxmemory, less a tenth");
}

}  // namespace chirm
