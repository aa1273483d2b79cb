// SPDX-License-Identifier: MIT
#include "core/broker/redis/redis_replica_acks.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <utility>
#include <vector>

#include "core/base/check.h"
#include "core/broker/redis/life/redis_server_info.h"
#include "core/broker/redis/link/redis_sentinel.h"

namespace chirm {

namespace {

// How long a round waits for replicas before it is asked anew, with what came meanwhile. The answer
// comes as soon as enough replicas have it: after 0.2 ms when all is well (p50, 7.0.15). Their
// offsets in ROLE or INFO are told once a second only, unless a WAIT asks for them: 890 ms.
constexpr std::uint64_t kRoundMs = 250;

// Why a server cannot be asked for its replicas.
std::string refusal_of_wait(const RedisReply& reply) {
  return "WAIT is refused, so that no publication can be acknowledged: " +
         std::string(reply.text());
}

std::string run_id_in(const RedisReply& info) {
  RedisServerInfo server;
  server.read(info.text());
  return server.run_id;
}

}  // namespace

RedisReplicaAcks::RedisReplicaAcks(RedisContext& context, RedisCommands& commands,
                                   const RedisUrl& url, const std::string& node_name,
                                   const RedisLinkSettings& link_settings, std::uint32_t replicas)
    : context_(context),
      commands_(commands),
      replicas_(replicas),
      link_(replicas == 0 ? nullptr
                          : std::make_unique<RedisLink>(
                                context.loop, url, node_name + " replicas", link_settings,
                                static_cast<RedisLink::Owner&>(*this),
                                make_master_locator(context.loop, url, node_name + " replicas"))),
      expiry_timer_(context.loop, [this] { expire(); }) {}

RedisReplicaAcks::~RedisReplicaAcks() = default;

void RedisReplicaAcks::start() {
  if (!is_on()) return;
  link_->start();
  expiry_timer_.start_repeating(expiry_period_ms(context_.settings.hold_ms));
}

void RedisReplicaAcks::confirm(std::uint64_t submitted_ms, Done done) {
  waiting_.push_back({submitted_ms, std::move(done)});
}

void RedisReplicaAcks::flush() {
  if (!is_on()) return;
  if (commands_.is_open() && commands_.connection() != connection_) ask_server();
  ask();
  link_->flush();
}

// It is sent before anything that is published on this connection, and so it is answered before.
void RedisReplicaAcks::ask_server() {
  const std::uint64_t connection = commands_.connection();
  const bool is_sent =
      commands_.send({"INFO", "server"}, [this](const RedisReply& reply) { on_server(reply); });
  if (is_sent) connection_ = connection;
}

// What waits now was stored over a connection before this one. Another server cannot tell what that
// one had given to its replicas, whether it is one of them or not.
void RedisReplicaAcks::on_server(const RedisReply& reply) {
  const std::string before = std::exchange(server_, run_id_in(reply));
  if (server_.empty()) {
    spdlog::error("redis: INFO is refused ({}): no publication can be acknowledged", reply.text());
  }
  if (!server_.empty() && !link_server_.empty()) compare_servers();
  if (before != server_) fail_if([](const Waiting&) { return true; });
}

// A server that has become a replica (FAILOVER) keeps its connections, and answers on them. The
// command link has noticed that it takes no writes; nothing is written on this one.
void RedisReplicaAcks::compare_servers() {
  if (link_server_ == server_) return link_->mark_useful();
  link_->drop("the command link is at another server");
}

// WAIT for no replicas answers at once: so it shows what is refused (a user without that right, a
// replica) before anybody waits for it, and is said once, not with each publication.
void RedisReplicaAcks::on_link_up() {
  link_->command(RedisCommand{"WAIT", "0", "0"}.bytes(), [this](const RedisReply& reply) {
    if (reply.is_error()) link_->drop(refusal_of_wait(reply));
  });
  link_->command(RedisCommand{"INFO", "server"}.bytes(), [this](const RedisReply& reply) {
    link_server_ = run_id_in(reply);
    if (link_server_ == server_) return compare_servers();
    connection_ = 0;  // what is known of the command link may be out of date: it is asked again
  });
}

void RedisReplicaAcks::on_link_down() {
  link_server_.clear();
  asked_ = 0;
  fail_if([](const Waiting& one) { return !one.done; });
}

// WAIT is about what the server had written when this connection's last command before it was run,
// whoever wrote it (7.0: processCommand() sets woff after each call()). ROLE is that command.
void RedisReplicaAcks::ask() {
  if (asked_ != 0 || waiting_.empty() || !can_ask()) return;
  asked_ = waiting_.size();
  link_->command(RedisCommand{"ROLE"}.bytes(), nullptr);
  link_->command(RedisCommand{"WAIT", std::to_string(replicas_), std::to_string(kRoundMs)}.bytes(),
                 [this](const RedisReply& reply) { on_waited(reply); });
}

void RedisReplicaAcks::on_waited(const RedisReply& reply) {
  // It says nothing about the replicas. What waits is asked for again when the link is back.
  if (reply.is_error()) return link_->drop(refusal_of_wait(reply));
  const std::size_t asked = std::exchange(asked_, 0);
  const bool is_enough = reply.integer() >= std::int64_t{replicas_};
  if (!is_enough) return fail_if([](const Waiting& one) { return !one.done; });
  if (std::exchange(is_lacking_, false)) {
    spdlog::info("redis: {} replicas have what is published again", replicas_);
  }
  const auto end = waiting_.begin() + static_cast<std::ptrdiff_t>(asked);
  std::vector<Waiting> replicated(std::make_move_iterator(waiting_.begin()),
                                  std::make_move_iterator(end));
  waiting_.erase(waiting_.begin(), end);
  for (const Waiting& one : replicated) {
    if (one.done) one.done(true);
  }
}

void RedisReplicaAcks::expire() {
  const std::uint64_t now_ms = context_.loop.now_ms();
  const auto is_over = [&](const Waiting& one) {
    return one.done && now_ms - one.submitted_ms >= context_.settings.hold_ms;
  };
  if (std::none_of(waiting_.begin(), waiting_.end(), is_over)) return;
  if (!std::exchange(is_lacking_, true)) {
    if (can_ask()) {
      spdlog::warn("redis: not {} replicas have what was published: publishes fail", replicas_);
    } else {
      spdlog::warn("redis: replicas cannot be asked for ({}): publishes fail", link_->problem());
    }
  }
  fail_if(is_over);
}

// Those of the round under way keep their places.
void RedisReplicaAcks::fail_if(const std::function<bool(const Waiting& one)>& is_over) {
  std::vector<Done> failed;
  std::deque<Waiting> left;
  for (std::size_t i = 0; i < waiting_.size(); ++i) {
    Waiting& one = waiting_[i];
    const bool is_in_round = i < asked_;
    if (is_over(one)) {
      if (one.done) failed.push_back(std::exchange(one.done, nullptr));
      if (!is_in_round) continue;
    }
    left.push_back(std::move(one));
  }
  waiting_ = std::move(left);
  // At last, when all is in order: they may publish again.
  for (const Done& done : failed) done(false);
}

void RedisReplicaAcks::check() const {
  CHIRM_CHECK(is_on() == (link_ != nullptr), replicas_);
  CHIRM_CHECK(is_on() || waiting_.empty(), waiting_.size());
  CHIRM_CHECK(asked_ <= waiting_.size(), asked_, waiting_.size());
  CHIRM_CHECK(asked_ == 0 || !link_server_.empty(), asked_);
  if (link_) link_->check();
}

}  // namespace chirm
