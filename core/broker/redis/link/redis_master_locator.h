// SPDX-License-Identifier: MIT
#pragma once
// Who knows where the master is, as a RedisLink sees it; RedisSentinel is the one there is. It
// keeps a link from knowing Sentinels, which are themselves reached by links. Private to
// core/broker.

#include <functional>
#include <string>

#include "core/broker/redis/link/redis_url.h"

namespace chirm {

class RedisMasterLocator {
 public:
  // Called with every answer, also with one that nobody asked for; not from within a call.
  using OnMaster = std::function<void(const RedisHost& master)>;
  // A failover has begun: what the master is given from now on, the next one may not have. Or it is
  // over: the next master was named before that, or there will be none for now.
  using OnFailover = std::function<void(bool is_under_way)>;

  virtual ~RedisMasterLocator() = default;

  // Once, before anything else.
  virtual void start(OnMaster on_master, OnFailover on_failover) = 0;
  // Answers as soon as somebody knows.
  virtual void ask() = 0;
  // What it named is not the master: somebody else is asked from now on.
  virtual void doubt() = 0;
  // At the end of each turn.
  virtual void flush() = 0;

  virtual std::string problem() const = 0;  // while no answer comes
};

}  // namespace chirm
