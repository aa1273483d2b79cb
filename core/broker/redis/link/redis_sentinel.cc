// SPDX-License-Identifier: MIT
#include "core/broker/redis/link/redis_sentinel.h"

#include <charconv>
#include <utility>

#include "core/broker/redis/link/redis_command.h"

namespace chirm {

namespace {

constexpr std::uint64_t kPeriodMs = 1000;
// A Sentinel that does not answer holds up a failover: the next one may.
constexpr RedisLinkSettings kSettings = {.connect_timeout_ms = 1000,
                                         .command_deadline_ms = 1000,
                                         .backoff_min_ms = 50,
                                         .backoff_max_ms = 1000};

}  // namespace

RedisSentinel::RedisSentinel(Loop& loop, const RedisUrl& url, const std::string& name)
    : master_(url.master),
      // A Sentinel is where its address says: its own link has nobody to ask.
      link_(loop, url.sentinels(), name + " sentinel", kSettings, *this, nullptr,
            RedisRole::kSentinel),
      timer_(loop, [this] { ask(); }) {}

void RedisSentinel::start(OnMaster on_master) {
  on_master_ = std::move(on_master);
  link_.start();
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
  on_master_(master);
}

std::unique_ptr<RedisMasterLocator> make_master_locator(Loop& loop, const RedisUrl& url,
                                                        const std::string& name) {
  if (!url.has_sentinels()) return nullptr;
  return std::make_unique<RedisSentinel>(loop, url, name);
}

}  // namespace chirm
