// SPDX-License-Identifier: MIT
#pragma once
// Knows where a master is, from Sentinels (https://redis.io/docs/reference/sentinel-clients/):
// keeps a connection to the first one that answers, and asks it each second and whenever somebody
// wants to know. The one that answered is tried first the next time. What any of them announces
// (redis_sentinel_events.h) only makes it ask more often: one Sentinel has the say at a time, as
// two may name different masters during a failover. Private to core/broker.

#include <memory>
#include <string>

#include "core/broker/redis/link/redis_link.h"
#include "core/broker/redis/link/redis_master_locator.h"
#include "core/broker/redis/link/redis_sentinel_events.h"
#include "core/broker/redis/link/redis_url.h"
#include "core/loop/timer.h"

namespace chirm {

class RedisSentinel final : public RedisMasterLocator, private RedisLink::Owner {
 public:
  // For the master that the URL names. `name` shows in logs and in the Sentinels' CLIENT LIST. The
  // loop must outlive it.
  RedisSentinel(Loop& loop, const RedisUrl& url, const std::string& name);

  void start(OnMaster on_master, OnFailover on_failover) override;
  void ask() override;
  void doubt() override;
  void flush() override {
    link_.flush();
    events_.flush();
  }

  std::string problem() const override { return link_.problem(); }

 private:
  void on_link_up() override { ask(); }
  void on_link_down() override {}
  void on_push(const RedisReply&) override {}
  void on_answer(const RedisReply& reply);
  void on_event(RedisSentinelEvents::Event event);
  void on_timer();
  void end_failover();

  Loop& loop_;
  const std::string master_;
  OnMaster on_master_;
  OnFailover on_failover_;
  RedisLink link_;
  RedisSentinelEvents events_;
  Timer timer_;
  RedisHost named_ = {};                // in the newest answer
  std::uint64_t hurry_until_ms_ = 0;    // until then the next master is expected
  bool is_failover_under_way_ = false;  // as on_failover_ was told
};

// What a link to this URL has to ask; null when the URL names the server itself.
std::unique_ptr<RedisMasterLocator> make_master_locator(Loop& loop, const RedisUrl& url,
                                                        const std::string& name);

}  // namespace chirm
