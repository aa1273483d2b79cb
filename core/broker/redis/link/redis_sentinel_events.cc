// SPDX-License-Identifier: MIT
#include "core/broker/redis/link/redis_sentinel_events.h"

#include <utility>

#include "core/broker/redis/link/redis_command.h"
#include "core/broker/redis/link/redis_link.h"

namespace chirm {

namespace {

constexpr RedisLinkSettings kEventLinkSettings = {.connect_timeout_ms = 1000,
                                                  .command_deadline_ms = 1000,
                                                  .backoff_min_ms = 50,
                                                  .backoff_max_ms = 1000};

RedisUrl only(const RedisUrl& sentinels, const RedisHost& host) {
  RedisUrl url = sentinels;
  url.hosts = {host};
  return url;
}

}  // namespace

// One Sentinel.
class RedisSentinelEvents::Watch final : private RedisLink::Owner {
 public:
  Watch(Loop& loop, const RedisUrl& url, const std::string& name, RedisSentinelEvents& events)
      : events_(events),
        link_(loop, url, name, kEventLinkSettings, *this, nullptr, RedisRole::kSentinel) {}

  void start() { link_.start(); }
  void flush() { link_.flush(); }

 private:
  void on_link_up() override {
    link_.subscription_command(RedisCommand{"SUBSCRIBE", "+try-failover", "+switch-master",
                                            "-failover-abort-no-good-slave",
                                            "-failover-abort-slave-timeout"}
                                   .bytes());
  }
  void on_link_down() override {}
  void on_push(const RedisReply& push) override {
    link_.mark_useful();
    if (push[0].text() == "message") events_.on_message(push[1].text(), push[2].text());
  }

  RedisSentinelEvents& events_;
  RedisLink link_;
};

RedisSentinelEvents::RedisSentinelEvents(Loop& loop, const RedisUrl& url, const std::string& name,
                                         OnEvent on_event)
    : master_(url.master), on_event_(std::move(on_event)) {
  const RedisUrl sentinels = url.sentinels();
  for (const RedisHost& host : sentinels.hosts) {
    watches_.push_back(
        std::make_unique<Watch>(loop, only(sentinels, host), name + " sentinel events", *this));
  }
}

RedisSentinelEvents::~RedisSentinelEvents() = default;

void RedisSentinelEvents::start() {
  for (const auto& watch : watches_) watch->start();
}

void RedisSentinelEvents::flush() {
  for (const auto& watch : watches_) watch->flush();
}

// They may guard several masters: `master <name> <address> <port>` or, of a switch,
// `<name> <old address> <port> <new address> <port>`.
void RedisSentinelEvents::on_message(std::string_view channel, std::string_view text) {
  const bool is_switch = channel == "+switch-master";
  if (!text.starts_with((is_switch ? "" : "master ") + master_ + ' ')) return;
  if (is_switch) return on_event_(Event::kMasterSwitched);
  on_event_(channel == "+try-failover" ? Event::kFailoverBegun : Event::kFailoverAborted);
}

}  // namespace chirm
