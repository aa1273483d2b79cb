// SPDX-License-Identifier: MIT
#pragma once
// Something to ask Redis, as RedisCommands sends it: perhaps more than once, until it is answered
// or wanted no more. Private to core/broker.

#include <cstdint>
#include <string>

#include "core/broker/redis/link/redis_command.h"
#include "core/broker/redis/link/redis_reply.h"

namespace chirm {

// SHA-1 names, as SCRIPT LOAD answered them.
struct RedisScriptNames {
  std::string publish;
  std::string read;
  std::string rewrite;
  std::string put_document;
  std::string list_documents;
};

class RedisRequest {
 public:
  virtual ~RedisRequest() = default;
  // False once there is nothing to send any more.
  virtual bool is_wanted() const = 0;
  // Called each time the request is about to be sent.
  virtual void write(RedisCommand& command, const RedisScriptNames& scripts) = 0;

  // How a request ends; after any of these three it is deleted:
  virtual void on_reply(const RedisReply& reply) = 0;  // not an error
  virtual void on_error() = 0;
  virtual void on_unwanted() {}  // it was not sent, as is_wanted() was false

  // It will be sent again if it is_wanted(): Redis has not run it, or nobody knows whether it has.
  virtual void on_refused() {}
  virtual void on_lost() = 0;
  // Now and then: time to give up what has waited too long.
  virtual void expire(std::uint64_t /*now_ms*/) {}
};

}  // namespace chirm
