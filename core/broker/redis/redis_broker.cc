// SPDX-License-Identifier: MIT
#include "core/broker/redis/redis_broker.h"

#include <utility>

#include "core/base/check.h"
#include "core/broker/history_search.h"
#include "core/broker/redis/redis_bus_message.h"
#include "core/broker/redis/redis_call.h"

namespace chirm {

namespace {

// Nodes that live must be back before a Redis that has come back is used without them.
static_assert(RedisNodeSettings{}.return_ms >
              RedisLinkSettings{}.connect_timeout_ms + RedisLinkSettings{}.backoff_max_ms);
static_assert(RedisNodeSettings{}.return_ms < BrokerSettings{}.hold_ms);
// The publish script says it in figures: an argument would cost each publication.
static_assert(BrokerSettings::kNumberingMs == 86'400'000);

// Of Pub/Sub topics. Pub/Sub knows no databases, so that the cluster's is part of the name.
std::string bus_prefix(const RedisIdentity& identity, const RedisUrl& url) {
  return identity.prefix + '@' + std::to_string(url.database);
}

}  // namespace

RedisBroker::RedisBroker(Loop& loop, const RedisUrl& url, const BrokerSettings& settings,
                         const RedisIdentity& identity, const RedisLinkSettings& link_settings,
                         const RedisNodeSettings& node_settings)
    : context_(loop, settings, identity.prefix + ':', bus_prefix(identity, url) + ":c:"),
      node_name_(identity.node_name.empty() ? "node-" + context_.random.name(8)
                                            : identity.node_name),
      all_topic_(bus_prefix(identity, url) + ":ctl"),
      process_name_(node_name_ + ':' + context_.random.name(8)),
      own_topic_(all_topic_ + ':' + process_name_),
      commands_(context_, url, node_name_, link_settings),
      digest_(context_, commands_, all_topic_),
      tails_(context_, commands_,
             [this](std::string_view channel) { return subscriptions_.subscription(channel); }),
      life_(context_, commands_, tails_, node_settings, process_name_,
            [this] { return subscriptions_.known_channels(); }),
      replica_acks_(context_, commands_, url, node_name_, link_settings,
                    node_settings.ack_replicas),
      publisher_(context_, commands_, replica_acks_),
      documents_(context_, commands_, all_topic_),
      nodes_(context_, commands_, process_name_, all_topic_, all_topic_ + ':',
             node_settings.beat_period_ms),
      bulletin_(*this),
      own_(*this),
      probe_(context_, commands_, subscriber_, own_topic_ + ":probe", url.name(), identity.shards,
             link_settings.probe_period_ms),
      space_(commands_, url.name()),
      subscriber_(loop, url, node_name_, link_settings, context_.counters,
                  {{all_topic_, bulletin_}, {own_topic_, own_}, {own_topic_ + ":probe", probe_}}),
      subscriptions_(context_, commands_, subscriber_),
      node_settings_(node_settings),
      period_ms_(link_settings.probe_period_ms),
      period_timer_(loop, [this] { on_period(); }) {}

// The others need not wait until it is clear that this node is gone.
RedisBroker::~RedisBroker() {
  nodes_.leave();
  life_.leave();
}

// Nothing is sent before there is a listener: the scripts are given its known positions.
void RedisBroker::set_listener(BrokerListener& listener) {
  CHIRM_CHECK(context_.listener == nullptr);
  context_.listener = &listener;
  commands_.start(life_);
  subscriber_.start();
  replica_acks_.start();
  digest_.start(node_settings_.digest_period_ms);
  nodes_.start();
  period_timer_.start_repeating(period_ms_);
}

void RedisBroker::publish(const PublishRequest& request, Callback<Position> done) {
  if (!space_.is_full()) return publisher_.publish(request, std::move(done));
  ++context_.counters.publishes;
  ++context_.counters.publish_errors;
  ++context_.counters.refused_as_full;
  context_.later.add([done = std::move(done)] { done(Unexpected<ErrorCode>(errors::kStoreFull)); });
}

void RedisBroker::history(const HistoryRequest& request, Callback<History> done) {
  ++context_.counters.histories;
  subscriptions_.read_history(request, std::move(done));
}

void RedisBroker::signal(std::string_view channel, std::string_view body) {
  const std::string message = std::string(1, RedisBusMessage::kSignal).append(body);
  (void)commands_.send({"PUBLISH", context_.topic(channel), message},
                       nullptr);  // it is worth nothing later
}

void RedisBroker::rewrite(const RewriteRequest& request, Callback<Rewritten> done) {
  RedisCall::submit(
      context_, commands_,
      {.write =
           [this, channel = std::string(request.channel), offset = request.offset,
            epoch = std::string(request.epoch), expected = std::string(request.expected),
            body = std::string(request.body)](auto& command, const auto& scripts) {
             command.begin(3 + 2 + 9).add("EVALSHA").add(scripts.rewrite).add(2);
             add_channel_keys(command, context_, channel);
             command.add(offset).add(epoch).add(expected).add(body);
             command.add(context_.topic(channel)).add(context_.settings.history_ttl_ms);
             command.add(context_.life).add(context_.new_epoch());
             command.add(context_.first_true_life);
           },
       .done =
           [done = std::move(done)](const RedisReply* reply) {
             if (reply == nullptr) return done(Unexpected<ErrorCode>(errors::kInternal));
             const std::int64_t answer = reply->integer();
             done(answer == 1 ? Rewritten::kDone
                              : (answer == 0 ? Rewritten::kGone : Rewritten::kChanged));
           },
       .is_repeatable = true,
       .bytes = request.channel.size() + request.expected.size() + request.body.size()});
}

// The lanes first: what was sent keeps its place there for the answer, and goes with the link.
void RedisBroker::refuse_waiting() {
  publisher_.refuse_waiting();
  commands_.refuse_waiting();
}

void RedisBroker::subscribe(std::string_view channel, Callback<LogTop> done) {
  subscriptions_.add(channel, std::move(done));
}

void RedisBroker::unsubscribe(std::string_view channel) { subscriptions_.remove(channel); }

// Each kind of message begins with a letter of its own, and each reader ignores what it does not
// know.
void RedisBroker::Bulletin::on_message(std::string_view message) {
  owner_.documents_.on_message(message);
  owner_.nodes_.on_message(message);
  RedisDigest::read(message, [this](auto channel, auto epoch, std::uint64_t offset) {
    owner_.subscriptions_.on_digest(channel, epoch, offset);
  });
}

void RedisBroker::search(const SearchRequest& request, Callback<SearchResult> done) {
  search_history(*this, request, std::move(done));
}

// The order matters: what the probe and the nodes have to say goes out with the commands of the
// same turn, and what is closed is deleted when nothing can be in the middle of it any more.
void RedisBroker::flush() {
  probe_.on_turn_end();
  nodes_.flush();
  replica_acks_.flush();
  commands_.flush();
  subscriber_.flush();
  subscriptions_.flush();
  if constexpr (kChecksInvariants) check();
}

void RedisBroker::check() const {
  context_.check();
  commands_.check();
  subscriber_.check();
  subscriptions_.check();
  publisher_.check();
  replica_acks_.check();
  nodes_.check();
  tails_.check();
}

void RedisBroker::on_period() {
  subscriber_.check_confirmations();
  subscriptions_.renew_numberings();
  probe_.tick();
  space_.tick();
}

}  // namespace chirm
