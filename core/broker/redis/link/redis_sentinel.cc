// SPDX-License-Identifier: MIT
#include "core/broker/redis/link/redis_sentinel.h"

#include <charconv>
#include <utility>

#include "core/broker/redis/link/redis_command.h"
#include "core/loop/loop.h"

namespace chirm {

namespace {

constexpr std::uint64_t kPeriodMs = 1000;
constexpr std::uint64_t kHurryPeriodMs = 25;
// A failover that an operator asked for takes 1.1 s from the first announcement to the new master's
// name, as Sentinels ask a promoted replica only each second what it is (measured, 7.0.15). Longer
// than this, publishes are not held for one that may never come.
constexpr std::uint64_t kFailoverMaxMs = 2500;
// A Sentinel that does not answer holds up a failover: the next one may.
constexpr RedisLinkSettings kSettings = {.connect_timeout_ms = 1000,
                                         .command_deadline_ms = 1000,
                                         .backoff_min_ms = 50,
                                         .backoff_max_ms = 1000};

}  // namespace

RedisSentinel::RedisSentinel(Loop& loop, const RedisUrl& url, const std::string& name)
    : loop_(loop),
      master_(url.master),
      // A Sentinel is where its address says: its own link has nobody to ask.
      link_(loop, url.sentinels(), name + " sentinel", kSettings, *this, nullptr,
            RedisRole::kSentinel),
      events_(loop, url, name, [this](auto event) { on_event(event); }),
      timer_(loop, [this] { on_timer(); }) {}

void RedisSentinel::start(OnMaster on_master, OnFailover on_failover) {
  on_master_ = std::move(on_master);
  on_failover_ = std::move(on_failover);
  link_.start();
  events_.start();
  timer_.start_repeating(kPeriodMs);
}

// While the link is down nothing is sent: on_link_up() asks again.
void RedisSentinel::ask() {
  const RedisCommand question = {"SENTINEL", "GET-MASTER-ADDR-BY-NAME", master_};
  link_.command(question.bytes(), [this](const RedisReply& reply) { on_answer(reply); });
}

// During a failover, and when it was cut off itself, a Sentinel goes on naming the old master.
void RedisSentinel::doubt() { link_.try_next_host("what it named is not the master"); }

// [address, port], or nil for a name that it does not know. A Sentinel becomes useful, and so is
// asked first the next time, by naming a master and not by being connected to.
void RedisSentinel::on_answer(const RedisReply& reply) {
  if (reply.is_error()) return link_.try_next_host(std::string(reply.text()));
  RedisHost master{std::string(reply[0].text()), 0};
  const std::string_view port = reply[1].text();
  const auto [end, error] = std::from_chars(port.data(), port.data() + port.size(), master.port);
  if (reply.size() != 2 || error != std::errc() || end != port.data() + port.size()) {
    return link_.try_next_host("it does not know a master \"" + master_ + '"');
  }
  link_.mark_useful();
  const bool is_news = named_ != master;
  named_ = master;
  on_master_(master);
  if (is_news) end_failover();
}

void RedisSentinel::on_event(RedisSentinelEvents::Event event) {
  using Event = RedisSentinelEvents::Event;
  if (event == Event::kFailoverAborted) return end_failover();
  hurry_until_ms_ = loop_.now_ms() + kFailoverMaxMs;
  timer_.start_repeating(kHurryPeriodMs);
  ask();
  if (event != Event::kFailoverBegun || is_failover_under_way_) return;
  is_failover_under_way_ = true;
  on_failover_(true);
}

void RedisSentinel::on_timer() {
  if (hurry_until_ms_ != 0 && loop_.now_ms() >= hurry_until_ms_) end_failover();
  ask();
}

void RedisSentinel::end_failover() {
  if (hurry_until_ms_ == 0) return;
  hurry_until_ms_ = 0;
  timer_.start_repeating(kPeriodMs);
  if (std::exchange(is_failover_under_way_, false)) on_failover_(false);
}

std::unique_ptr<RedisMasterLocator> make_master_locator(Loop& loop, const RedisUrl& url,
                                                        const std::string& name) {
  if (!url.has_sentinels()) return nullptr;
  return std::make_unique<RedisSentinel>(loop, url, name);
}

}  // namespace chirm
