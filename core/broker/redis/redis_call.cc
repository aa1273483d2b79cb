// SPDX-License-Identifier: MIT
#include "core/broker/redis/redis_call.h"

#include <memory>

namespace chirm {

void RedisCall::submit(RedisContext& context, RedisCommands& commands, What what) {
  // In a turn of its own: nobody is called back from within submit().
  if (!context.admit(what.bytes)) {
    return context.later.add([refused = std::move(what.done)] { refused(nullptr); });
  }
  commands.submit(std::unique_ptr<RedisCall>(new RedisCall(context, std::move(what))));
}

// An answer may come for a call that has failed meanwhile, because it was held too long.
void RedisCall::finish(const RedisReply* reply) {
  if (!what_.done) return;
  context_.release(what_.bytes);
  std::exchange(what_.done, nullptr)(reply);
}

}  // namespace chirm
