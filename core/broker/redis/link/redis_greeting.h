// SPDX-License-Identifier: MIT
#pragma once
// How a link introduces itself on a new connection, and what it wants to hear: the login, its
// database, its name, and the role of the server. Private to core/broker.

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "core/broker/redis/link/redis_reply.h"
#include "core/broker/redis/link/redis_url.h"

namespace chirm {

// What the server must be.
enum class RedisRole : std::uint8_t { kMaster, kSentinel };

struct RedisGreetingStep {
  std::string command;  // RedisCommand::bytes
  // Why the connection is of no use after this answer; "" when it is.
  std::function<std::string(const RedisReply&)> problem;
};

// The steps in the order in which they are sent, all at once. The last one asks for the role: an
// answer to it that is no error and yet a problem means that this is another kind of server. `name`
// shows in Redis' CLIENT LIST.
std::vector<RedisGreetingStep> redis_greeting(const RedisUrl& url, const std::string& name,
                                              RedisRole role);

}  // namespace chirm
