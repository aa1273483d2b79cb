// SPDX-License-Identifier: MIT
#pragma once
// Whether Redis has room for more publications: of a Redis with maxmemory, a tenth is kept free for
// what is small. Private to core/broker; loop's thread.

#include <string>

#include "core/broker/redis/redis_commands.h"
#include "core/broker/store_space.h"

namespace chirm {

class RedisSpace {
 public:
  // Must outlive it. `store` names the Redis in the log.
  RedisSpace(RedisCommands& commands, const std::string& store)
      : commands_(commands), space_(store) {}

  // Asks. Each period.
  void tick();

  bool is_full() const { return space_.is_full(); }

 private:
  void on_memory(const RedisReply& reply);

  RedisCommands& commands_;
  StoreSpace space_;
};

}  // namespace chirm
