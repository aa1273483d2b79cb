// SPDX-License-Identifier: MIT
#pragma once
// Knows where a master is, from Sentinels (https://redis.io/docs/reference/sentinel-clients/): a
// connection to the first one that answers, which is asked each second and whenever somebody wants
// to know. The one that answered is tried first the next time. Private to core/broker.

#include <cstdint>
#include <functional>
#include <string>

#include "core/broker/redis/redis_link.h"
#include "core/broker/redis/redis_url.h"
#include "core/loop/timer.h"

namespace chirm {

class RedisSentinel final : private RedisLink::Owner {
 public:
  // Called with every answer, not from within a call of this class.
  using OnMaster = std::function<void(const RedisHost& master)>;

  // `name` shows in logs and in the Sentinels' CLIENT LIST. The loop must outlive it.
  RedisSentinel(Loop& loop, const RedisUrl& url, const std::string& name, OnMaster on_master);

  void start();
  // Answers as soon as some Sentinel does.
  void ask();
  // What it said was wrong: another one is asked from now on.
  void doubt();
  void flush() { link_.flush(); }

  std::string problem() const { return link_.problem(); }  // while no answer comes

 private:
  void on_link_up() override { ask(); }
  void on_link_down() override {}
  void on_push(const RedisReply&) override {}
  void on_answer(const RedisReply& reply);

  const std::string master_;
  const OnMaster on_master_;
  RedisLink link_;
  Timer timer_;
};

}  // namespace chirm
