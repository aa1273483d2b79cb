// SPDX-License-Identifier: MIT
#include "core/broker/redis/redis_probe.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <charconv>
#include <utility>

namespace chirm {

namespace {

// KEYS  1 what shards there are, as the nodes that came first believe
// ARGV  1 topic  2 message  3 what this node believes  4 for how long that counts (ms)
// Answers {how many got the message, KEYS[1]}.
constexpr std::string_view kScript = R"lua(
local shards = redis.call('GET', KEYS[1]) or ARGV[3]
if shards == ARGV[3] then redis.call('SET', KEYS[1], shards, 'PX', ARGV[4]) end
return {redis.call('PUBLISH', ARGV[1], ARGV[2]), shards}
)lua";
// Longer than a probe's period, so that it stays as long as a node lives; and short, so that a
// cluster can be given other shards when all its nodes have ended.
constexpr std::string_view kShardsTtlMs = "5000";

std::uint64_t clock_us() { return Loop::clock_ns() / 1000; }

}  // namespace

RedisProbe::RedisProbe(RedisContext& context, RedisCommands& commands, RedisSubscriber& subscriber,
                       std::string topic, std::string store, std::string shards,
                       std::uint64_t period_ms)
    : context_(context),
      commands_(commands),
      subscriber_(subscriber),
      topic_(std::move(topic)),
      store_(std::move(store)),
      shards_(std::move(shards)),
      period_us_(period_ms * 1000),
      started_us_(clock_us()) {}

bool RedisProbe::is_recent(std::uint64_t time_us) const {
  return time_us != 0 && clock_us() - time_us <= kPeriodsMax * period_us_;
}

// Whatever arrives proves that a link works: one that is busy must not be made again, however late
// its probes are.
void RedisProbe::tick() {
  const bool has_arrived = std::exchange(pushes_seen_, subscriber_.pushes()) != pushes_seen_;
  if (has_arrived || !is_linked()) undelivered_ = 0;
  if (undelivered_ > kPeriodsMax) {
    undelivered_ = 0;
    subscriber_.reconnect("no message arrives");
  } else {
    send();
  }
  log_change();
}

// A link that has come up is proven at once: the node would have to refuse clients for a period
// more.
void RedisProbe::on_turn_end() {
  if (std::exchange(was_linked_, is_linked()) == is_linked()) return;
  if (!was_linked_) return;
  linked_us_ = clock_us();
  refusal_.clear();
  send();
}

void RedisProbe::send() {
  if (!is_linked()) return;
  const std::uint64_t probe_us = clock_us();
  const std::string message = std::to_string(probe_us);
  const std::string key = context_.key_prefix + "shards";
  (void)commands_.send(
      {"EVAL", kScript, "1", key, topic_, message, shards_, kShardsTtlMs},  // is_linked()
      [this, probe_us](const auto& reply) { on_answer(probe_us, reply); });
}

void RedisProbe::on_answer(std::uint64_t probe_us, const RedisReply& reply) {
  // The time of sending, not of the answer: that is as old as the knowledge is.
  answered_us_ = probe_us;
  is_foreign_ = !reply.is_error() && reply[1].text() != shards_;
  if (reply.is_error() || is_foreign_) {
    if (refusal_.empty()) refused_us_ = probe_us;
    refusal_ = reply.is_error() ? "refuses to write: " + std::string(reply.text())
                                : "other nodes were given other shards (--redis)";
    // Its master is another one now.
    if (reply.text().starts_with("READONLY")) commands_.reconnect(refusal_);
    return;
  }
  refusal_.clear();
  ++undelivered_;
  // When it was sent, Redis had confirmed the subscription: it was lost, or is with another server.
  if (reply[0].integer() == 0 && is_linked() && probe_us >= linked_us_) {
    subscriber_.reconnect("Redis does not know this subscription");
  }
}

void RedisProbe::on_message(std::string_view message) {
  std::uint64_t probe_us = 0;
  const auto [end, error] =
      std::from_chars(message.data(), message.data() + message.size(), probe_us);
  const std::uint64_t now_us = clock_us();
  // The topic is open to whoever can publish: what is no probe, or is old or of the future, is
  // none.
  if (error != std::errc() || probe_us <= proof_us_ || probe_us > now_us) return;
  proof_us_ = probe_us;
  round_trip_us_ = now_us - probe_us;
}

// The order matters: the worst that is certain comes first, and what is only a lack of news last.
Health RedisProbe::health() const {
  if (is_foreign_) return Health::kAway;
  if (is_linked() && refusal_.empty() && proof_us_ >= linked_us_ && is_recent(proof_us_)) {
    return Health::kReady;
  }
  // It answers, so that reading goes on.
  if (is_refused()) return Health::kDegraded;
  // A link that was lost a moment ago is no reason to send clients away.
  return is_recent(proof_us_) ? Health::kDegraded : Health::kAway;
}

StoreHealth RedisProbe::store() const {
  StoreHealth store{.name = store_, .health = health(), .is_foreign = is_foreign_};
  if (proof_us_ != 0) {
    store.probe = {.age_ms = (clock_us() - proof_us_) / 1000, .round_trip_us = round_trip_us_};
  }
  if (store.health == Health::kReady) return store;
  store.problem = problem();
  const std::uint64_t since_us = is_refused() ? refused_us_ : std::max(proof_us_, started_us_);
  store.since_unix_ms =
      context_.loop.unix_ms() - static_cast<std::int64_t>((clock_us() - since_us) / 1000);
  return store;
}

std::string RedisProbe::problem() const {
  if (!commands_.is_open()) return "no connection for commands: " + commands_.problem();
  if (!subscriber_.is_ready()) return "no connection for Pub/Sub: " + subscriber_.problem();
  if (is_refused()) return refusal_;
  if (answered_us_ > proof_us_) return "runs commands, but no probe comes back over Pub/Sub";
  return proof_us_ < linked_us_ ? "connected, waiting for the first probe" : "does not answer";
}

void RedisProbe::log_change() {
  const StoreHealth now = store();
  // Links tell themselves that they are lost.
  const bool is_waiting = now.health == Health::kDegraded && !is_refused();
  const bool is_logged = now.health == logged_ && now.is_foreign == is_logged_as_foreign_;
  if (is_logged || is_waiting) return;
  if (now.health == Health::kReady) {
    spdlog::info("redis: {} is ready: a probe came back after {:.1f} ms", store_,
                 static_cast<double>(round_trip_us_) / 1000);
  } else {
    spdlog::error("redis: {} is not ready: {}", store_, now.problem);
  }
  logged_ = now.health;
  is_logged_as_foreign_ = now.is_foreign;
}

}  // namespace chirm
