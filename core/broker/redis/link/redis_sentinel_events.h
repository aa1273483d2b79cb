// SPDX-License-Identifier: MIT
#pragma once
// Hears what Sentinels announce about a master
// (https://redis.io/docs/management/sentinel/#pubsub-messages). Has a connection to each of them:
// the one that begins a failover tells only those who listen to itself. Private to core/broker.

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/broker/redis/link/redis_url.h"

namespace chirm {

class Loop;

class RedisSentinelEvents {
 public:
  enum class Event : std::uint8_t {
    kFailoverBegun,    // a replica will be promoted, at the earliest in 0.1 s
    kFailoverAborted,  // … or not
    kMasterSwitched,   // this Sentinel names the new one from now on
  };
  using OnEvent = std::function<void(Event event)>;

  // About the master that the URL names. `name` shows in logs and in the Sentinels' CLIENT LIST.
  // The loop must outlive it.
  RedisSentinelEvents(Loop& loop, const RedisUrl& url, const std::string& name, OnEvent on_event);
  ~RedisSentinelEvents();

  void start();  // once
  void flush();  // at the end of each turn

 private:
  class Watch;

  void on_message(std::string_view channel, std::string_view text);

  const std::string master_;
  const OnEvent on_event_;
  std::vector<std::unique_ptr<Watch>> watches_;
};

}  // namespace chirm
