// SPDX-License-Identifier: MIT
#include "core/broker/redis/life/redis_life.h"

#include <spdlog/spdlog.h>

#include <charconv>
#include <utility>

#include "core/broker/redis/life/redis_life_scripts.h"

namespace chirm {

namespace {

constexpr std::uint64_t kSettlePeriodMs = 25;
// In vain, while other nodes try the same.
constexpr std::uint32_t kTriesMax = 20;
// How a life was settled, as the script says it.
constexpr std::int64_t kAllTrue = 0;
constexpr std::int64_t kSuspect = 2;

// The value of `name:value\r\n` in what INFO answers, or "".
std::string_view info_field(std::string_view info, std::string_view name) {
  for (std::size_t at = info.find(name); at != info.npos; at = info.find(name, at + 1)) {
    const bool is_line_start = at == 0 || info[at - 1] == '\n';
    std::string_view rest = info.substr(at + name.size());
    if (is_line_start && rest.starts_with(':')) {
      rest.remove_prefix(1);
      return rest.substr(0, rest.find('\r'));
    }
  }
  return {};
}

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

void RedisLife::leave() {
  if (lease_ == 0 || !commands_.send({"ZREM", nodes_key_, node_}, nullptr)) return;
  commands_.flush_sent();
}

// ---- Who is it?

void RedisLife::on_connected() {
  server_ = {};
  for (const char* section : {"server", "replication", "persistence"}) {
    commands_.ask({"INFO", section}, [this](const RedisReply& reply) { on_info(reply); });
  }
  commands_.ask({"CONFIG", "GET", "appendfsync"},
                [this](const RedisReply& reply) { on_fsync(reply); });
}

void RedisLife::on_disconnected() {
  timer_.stop();
  tails_.stop();
}

void RedisLife::on_info(const RedisReply& reply) {
  if (reply.is_error()) server_.info_error = reply.text();
  const auto read = [&](std::string_view name, std::string& field) {
    if (const auto value = info_field(reply.text(), name); !value.empty()) field = value;
  };
  std::string second_offset = "-1";
  std::string log = "0";
  read("redis_version", server_.version);
  read("run_id", server_.run_id);
  read("master_replid", server_.replication_id);
  read("second_repl_offset", second_offset);
  read("aof_enabled", log);
  server_.was_promoted = server_.was_promoted || second_offset != "-1";
  server_.has_log = server_.has_log || log == "1";
}

bool RedisLife::Server::is_too_old() const {
  constexpr int kMajorMin = 7;
  int major = kMajorMin;
  (void)std::from_chars(version.data(), version.data() + version.size(), major);
  return major < kMajorMin;
}

// An operator may have forbidden CONFIG: then it counts as unsafe.
void RedisLife::on_fsync(const RedisReply& reply) {
  server_.is_safe = reply[1].text() == "always";
  if (server_.is_too_old()) {
    return commands_.reconnect("it is Redis " + server_.version + "; chirm needs Redis 7 or later");
  }
  if (!server_.run_id.empty()) return arrive();
  const std::string& error = server_.info_error;
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
  command.begin(3 + 2 + 8 + nodes_.size());
  command.add("EVAL").add(redis_scripts::kArrive).add(2).add(life_key_).add(nodes_key_);
  command.add(server_.run_id).add(server_.promotion()).add(node_);
  command.add(lease_).add(number_).add(context_.first_true_life);
  command.add(settings_.return_ms).add(settings_.lease_ms);
  for (const std::string& name : nodes_) command.add(name);
  commands_.ask(command, [this](const RedisReply& reply) { on_arrived(reply); });
}

void RedisLife::on_arrived(const RedisReply& reply) {
  if (reply.size() != 4) return commands_.reconnect("arriving: " + std::string(reply.text()));
  number_ = static_cast<std::uint64_t>(reply[0].integer());
  context_.first_true_life = static_cast<std::uint64_t>(reply[1].integer());
  arriving_id_ = reply[3].text();
  is_return_ = !id_.empty() && (id_ != arriving_id_ || open_number_ != number_);
  result_ = {};
  tries_ = 0;
  can_retry_ = false;
  if (!is_return_) return reply[2].integer() == 0 ? open() : settle();
  tails_.start(channels_(), number_, context_.first_true_life,
               [this](const RedisTails::Result& result) { on_tails_done(result); });
}

void RedisLife::on_tails_done(const RedisTails::Result& result) {
  tries_ = result.put_back == result_.put_back ? tries_ + 1 : 0;
  result_ = result;
  settle();
}

void RedisLife::settle() {
  RedisCommand command;
  command.begin(3 + 1 + 5).add("EVAL").add(redis_scripts::kSettle).add(1).add(life_key_);
  command.add(arriving_id_).add(node_).add(server_.may_have_lost() ? "1" : "0");
  command.add(tails_.has_unfit() ? "1" : "0").add(settings_.work_ms);
  commands_.ask(command, [this](const RedisReply& reply) { on_settled(reply); });
}

void RedisLife::on_settled(const RedisReply& reply) {
  if (reply.is_error()) return commands_.reconnect("arriving: " + std::string(reply.text()));
  if (reply.size() != 4) return on_waiting(reply[0].integer(), reply[1].integer());
  if (tails_.has_unfit()) return retry_tails(true);  // it came late, all is settled
  number_ = static_cast<std::uint64_t>(reply[0].integer());
  context_.first_true_life = static_cast<std::uint64_t>(reply[1].integer());
  if (is_return_) {
    count_return(reply[2].integer());
    log_return(reply[2].integer(), reply[3].text());
  }
  open();
}

// What does not fit yet may when another node has put something back.
void RedisLife::on_waiting(std::int64_t not_compared, std::int64_t partial) {
  can_retry_ = tails_.has_unfit() && not_compared == 0;
  if (can_retry_ && (partial == 0 || tries_ > kTriesMax)) return retry_tails(true);
  timer_.start(kSettlePeriodMs);
}

void RedisLife::retry_tails(bool is_last) {
  can_retry_ = false;
  tails_.retry(is_last, [this](const RedisTails::Result& result) { on_tails_done(result); });
}

void RedisLife::count_return(std::int64_t state) {
  ++context_.counters.store_lives;
  context_.counters.suspect_lives += state == kAllTrue ? 0 : 1;
  context_.counters.put_back += result_.put_back;
  context_.counters.put_back_errors += result_.failed;
  context_.counters.store_epoch_changes += result_.diverged + result_.uncovered;
}

void RedisLife::log_return(std::int64_t state, std::string_view missing) const {
  spdlog::info(
      "redis: it is another one, or was restarted (life {}). Compared {} channels, put {} "
      "publications back in {}",
      number_, result_.compared, result_.put_back, result_.restored);
  if (result_.diverged + result_.uncovered + result_.failed > 0) {
    spdlog::warn(
        "redis: new epochs: {} channels have another content, in {} more is missing than "
        "this node holds, {} could not be written",
        result_.diverged, result_.uncovered, result_.failed);
  }
  if (state == kSuspect) {
    spdlog::warn(
        "redis: it may have lost what only these nodes hold, which did not come: {}. Every "
        "channel gets a new epoch",
        missing);
  } else if (state != kAllTrue) {
    spdlog::warn("redis: it has lost something; channels that no node follows get a new epoch");
  }
}

void RedisLife::open() {
  id_ = arriving_id_;
  open_number_ = number_;
  commands_.open();
  renew_lease();
  timer_.start_repeating(settings_.lease_period_ms);
}

void RedisLife::on_timer() {
  if (!commands_.is_arriving()) return renew_lease();
  if (can_retry_) return retry_tails(false);
  settle();
}

// ---- The lease

void RedisLife::renew_lease() {
  RedisCommand command;
  command.begin(3 + 2 + 5).add("EVAL").add(redis_scripts::kLease).add(2);
  command.add(life_key_).add(nodes_key_).add(id_).add(node_);
  command.add(number_).add(context_.first_true_life).add(settings_.lease_ms);
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
  nodes_.clear();
  for (std::size_t i = 1; i < reply.size(); ++i) nodes_.emplace_back(reply[i].text());
  context_.counters.leases = nodes_.size();
}

}  // namespace chirm
