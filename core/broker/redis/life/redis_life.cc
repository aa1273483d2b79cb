// SPDX-License-Identifier: MIT
#include "core/broker/redis/life/redis_life.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <utility>

#include "core/broker/redis/life/redis_life_scripts.h"

namespace chirm {

namespace {

// How often it is asked whether the others are done. Publishes are held meanwhile, so it is short.
constexpr std::uint64_t kSettlePeriodMs = 25;
// What did not fit is tried again so often without any progress, half a second, and so often by
// every node that has such, before it is given up: each that succeeds may make room for another.
constexpr std::int64_t kTriesMax = 20;
// How a life was settled, as the script says it.
constexpr std::int64_t kAllTrue = 0;
constexpr std::int64_t kSuspect = 2;
constexpr std::int64_t kUnproven = 3;
// A node that was without Redis for so much longer than this Redis runs may have been cut off from
// one that others went on using: that it finds its lease says nothing about them.
constexpr std::uint64_t kStaleMs = 10'000;
// Redis tells its age in whole seconds.
constexpr std::uint64_t kUptimeErrorMs = 1000;

}  // namespace

RedisLife::RedisLife(RedisContext& context, RedisCommands& commands, RedisTails& tails,
                     const RedisNodeSettings& settings, std::string node,
                     std::function<std::vector<std::string>()> channels)
    : context_(context),
      commands_(commands),
      tails_(tails),
      settings_(settings),
      node_(std::move(node)),
      life_key_(context.key_prefix + "life"),
      nodes_key_(context.key_prefix + "nodes"),
      channels_(std::move(channels)),
      timer_(context.loop, [this] { on_timer(); }) {}

// At once, as there will be no end of the turn; should it not get through, the others wait for this
// node as for one that was killed.
void RedisLife::leave() {
  if (lease_ == 0 || !commands_.send({"ZREM", nodes_key_, node_}, nullptr)) return;
  commands_.flush_sent();
}

// ---- Who is it?

void RedisLife::on_connected() {
  arrival_ = {};
  // Section by section: INFO with several is Redis 7's, and it is to be told how old this one is.
  commands_.ask({"INFO", "server"}, [this](const RedisReply& reply) { on_info(reply, false); });
  commands_.ask({"INFO", "replication"}, [this](const RedisReply& reply) { on_info(reply, true); });
}

void RedisLife::on_disconnected() {
  timer_.stop();
  tails_.stop();
}

void RedisLife::on_info(const RedisReply& reply, bool is_last) {
  if (reply.is_error()) arrival_.info_error = reply.text();
  arrival_.server.read(reply.text());
  if (is_last) go_on();
}

// Where INFO is forbidden nothing can be told about the life of this Redis, and it is used as if it
// never lost anything.
void RedisLife::go_on() {
  const RedisServerInfo& server = arrival_.server;
  if (server.is_too_old()) {
    return commands_.reconnect("it is Redis " + server.version + "; chirm needs Redis 7 or later");
  }
  if (!server.run_id.empty()) return arrive();
  const std::string& error = arrival_.info_error;
  if (!error.starts_with("NOPERM") && !error.starts_with("ERR unknown command")) {
    return commands_.reconnect("INFO: " + error);
  }
  if (!std::exchange(has_warned_, true)) {
    spdlog::warn("redis: INFO is refused: should Redis lose something, it is not put back");
  }
  commands_.open();
}

// ---- Arriving

void RedisLife::arrive() {
  RedisCommand command;
  command.begin(3 + 2 + 10 + nodes_.size());
  command.add("EVAL").add(redis_scripts::kArrive).add(2).add(life_key_).add(nodes_key_);
  command.add(arrival_.server.run_id).add(arrival_.server.promotion()).add(node_);
  command.add(lease_).add(life_id_).add(open_number_);
  command.add(std::max(number_, context_.newest_life)).add(context_.first_true_life);
  command.add(settings_.lease_renewals);
  command.add(is_lease_stale() ? "1" : "0");
  for (const std::string& name : nodes_) command.add(name);
  commands_.ask(command, [this](const RedisReply& reply) { on_arrived(reply); });
}

bool RedisLife::is_lease_stale() const {
  const std::uint64_t uptime_ms = 1000 * arrival_.server.uptime_s + kUptimeErrorMs;
  return context_.loop.now_ms() - leased_ms_ > uptime_ms + kStaleMs;
}

RedisTails::Life RedisLife::life() const {
  return {number_, context_.first_true_life, context_.first_true_life <= open_first_true_};
}

// A node that has not taken part in any life yet has nothing to put back, but it waits with the
// others: until the life is settled, nobody may publish.
void RedisLife::on_arrived(const RedisReply& reply) {
  if (reply.size() != 5) return commands_.reconnect("arriving: " + std::string(reply.text()));
  number_ = static_cast<std::uint64_t>(reply[0].integer());
  context_.first_true_life = static_cast<std::uint64_t>(reply[1].integer());
  arrival_.id = reply[3].text();
  context_.clock_ms = static_cast<std::uint64_t>(reply[4].integer());
  arrival_.began_ms = context_.loop.now_ms();
  arrival_.is_return = !life_id_.empty() && (life_id_ != arrival_.id || open_number_ != number_);
  arrival_.result = {};
  arrival_.tries = 0;
  arrival_.can_retry = false;
  if (!arrival_.is_return) return reply[2].integer() == 0 ? open() : settle();
  tails_.start(channels_(), life(),
               [this](const RedisTails::Result& result) { on_tails_done(result); });
}

// Anything that was put back, by this round, is progress and starts the count of tries again.
void RedisLife::on_tails_done(const RedisTails::Result& result) {
  const auto done = [](const RedisTails::Result& one) { return one.put_back + one.rewritten; };
  arrival_.tries = done(result) == done(arrival_.result) ? arrival_.tries + 1 : 0;
  arrival_.result = result;
  settle();
}

void RedisLife::settle() {
  RedisCommand command;
  command.begin(3 + 1 + 8).add("EVAL").add(redis_scripts::kSettle).add(1).add(life_key_);
  command.add(arrival_.id).add(number_).add(node_);
  command.add(tails_.has_unfit() ? std::to_string(arrival_.tries) : "-1");
  command.add(context_.loop.now_ms() - arrival_.began_ms).add(settings_.return_ms);
  command.add(settings_.strangers_ms).add(settings_.work_ms);
  commands_.ask(command, [this](const RedisReply& reply) { on_settled(reply); });
}

void RedisLife::on_settled(const RedisReply& reply) {
  if (reply.is_error()) return commands_.reconnect("arriving: " + std::string(reply.text()));
  if (reply.size() != 4) return on_waiting(reply[0].integer(), reply[1].integer());
  number_ = static_cast<std::uint64_t>(reply[0].integer());
  context_.first_true_life = static_cast<std::uint64_t>(reply[1].integer());
  if (tails_.has_unfit()) return retry_tails(true);  // it came late, all is settled
  if (arrival_.is_return) {
    count_return(reply[2].integer());
    log_return(reply[2].integer(), reply[3].text());
  }
  open();
}

// What does not fit yet may when another node has put something back.
void RedisLife::on_waiting(std::int64_t not_compared, std::int64_t others_tries) {
  arrival_.can_retry = tails_.has_unfit() && not_compared == 0;
  const bool is_in_vain = others_tries < 0 || std::min(others_tries, arrival_.tries) >= kTriesMax;
  if (arrival_.can_retry && is_in_vain) return retry_tails(true);
  timer_.start(kSettlePeriodMs);
}

void RedisLife::retry_tails(bool is_last) {
  arrival_.can_retry = false;
  tails_.retry(is_last, life(),
               [this](const RedisTails::Result& result) { on_tails_done(result); });
}

void RedisLife::count_return(std::int64_t state) {
  ++context_.counters.store_lives;
  context_.counters.suspect_lives += state == kAllTrue ? 0 : 1;
  context_.counters.put_back += arrival_.result.put_back;
  context_.counters.put_back_errors += arrival_.result.failed;
  context_.counters.store_epoch_changes += arrival_.result.diverged + arrival_.result.uncovered;
}

void RedisLife::log_return(std::int64_t state, std::string_view missing) const {
  spdlog::info(
      "redis: it is another one, or was restarted (life {}). Compared {} channels, put {} "
      "publications back in {}",
      number_, arrival_.result.compared, arrival_.result.put_back, arrival_.result.restored);
  if (arrival_.result.rewritten + arrival_.result.rewrites_gone > 0) {
    spdlog::info("redis: put {} edits and deletions back; {} are gone", arrival_.result.rewritten,
                 arrival_.result.rewrites_gone);
  }
  if (arrival_.result.diverged + arrival_.result.uncovered + arrival_.result.failed > 0) {
    spdlog::warn(
        "redis: new epochs: {} channels have another content, in {} more is missing than "
        "this node holds, {} could not be written",
        arrival_.result.diverged, arrival_.result.uncovered, arrival_.result.failed);
  }
  if (state == kSuspect) {
    spdlog::warn(
        "redis: it may have lost what only these nodes hold, which did not come: {}. Every "
        "channel gets a new epoch",
        missing);
  } else if (state == kUnproven) {
    spdlog::warn(
        "redis: nobody knows whether it has lost something. Every channel gets a new epoch");
  } else if (state != kAllTrue) {
    spdlog::warn("redis: it has lost something; channels that no node follows get a new epoch");
  }
}

// The first lease of a life is renewed at once: only what is written behind it can be known as
// missing.
void RedisLife::open() {
  life_id_ = arrival_.id;
  open_number_ = context_.life = number_;
  open_first_true_ = context_.first_true_life;
  commands_.open();
  renew_lease(0);
  timer_.start_repeating(settings_.lease_period_ms);
}

void RedisLife::on_timer() {
  if (!commands_.is_arriving()) {
    // A node that was frozen meanwhile counts as one that has left.
    const std::uint64_t since_last_ms = context_.loop.now_ms() - renewed_ms_;
    return renew_lease(std::min(since_last_ms, 2 * settings_.lease_period_ms));
  }
  if (arrival_.can_retry) return retry_tails(false);
  settle();
}

// ---- The lease

void RedisLife::renew_lease(std::uint64_t since_last_ms) {
  RedisCommand command;
  command.begin(3 + 2 + 8).add("EVAL").add(redis_scripts::kLease).add(2);
  command.add(life_key_).add(nodes_key_).add(life_id_).add(node_);
  command.add(number_).add(context_.first_true_life).add(lease_).add(settings_.lease_renewals);
  command.add(since_last_ms).add(context_.clock_ms);
  renewed_ms_ = context_.loop.now_ms();
  (void)commands_.send(command, [this](const RedisReply& reply) { on_lease(reply); });
}

void RedisLife::on_lease(const RedisReply& reply) {
  if (reply.is_error()) {
    // A node that neither publishes nor reads would not notice that the master is none any more.
    const bool is_another =
        reply.text().starts_with("ERR another life") || reply.text().starts_with("READONLY");
    if (is_another) commands_.reconnect(std::string(reply.text()));
    return;  // else the old lease counts
  }
  lease_ = static_cast<std::uint64_t>(reply[0].integer());
  leased_ms_ = context_.loop.now_ms();
  context_.clock_ms = static_cast<std::uint64_t>(reply[1].integer());
  context_.positions.note_lease();
  nodes_.clear();
  for (std::size_t i = 2; i < reply.size(); ++i) nodes_.emplace_back(reply[i].text());
  context_.counters.leases = nodes_.size();
}

}  // namespace chirm
