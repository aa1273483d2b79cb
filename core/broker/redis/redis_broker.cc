// SPDX-License-Identifier: MIT
#include "core/broker/redis/redis_broker.h"

#include <utility>

#include "core/base/check.h"
#include "core/broker/history_search.h"
#include "core/broker/redis/redis_call.h"
#include "core/broker/redis/redis_channel.h"
#include "core/broker/redis/redis_read.h"

namespace chirm {

namespace {

// Nodes that live must be back before a Redis that has come back is used without them.
static_assert(RedisNodeSettings{}.return_ms >
              RedisLinkSettings{}.connect_timeout_ms + RedisLinkSettings{}.backoff_max_ms);
static_assert(RedisNodeSettings{}.return_ms < BrokerSettings{}.hold_ms);

}  // namespace

RedisBroker::RedisBroker(Loop& loop, const RedisUrl& url, const BrokerSettings& settings,
                         const std::string& prefix, const std::string& given_name,
                         const RedisLinkSettings& link_settings,
                         const RedisNodeSettings& node_settings)
    : context_(loop, settings, prefix + ':'),
      node_name_(given_name.empty() ? "node-" + context_.random.name(8) : given_name),
      bus_prefix_(prefix + '@' + std::to_string(url.database)),
      all_topic_(bus_prefix_ + ":ctl"),
      process_name_(node_name_ + ':' + context_.random.name(8)),
      own_topic_(bus_prefix_ + ":ctl:" + process_name_),
      commands_(context_, url, node_name_, link_settings),
      digest_(context_, commands_, all_topic_),
      tails_(context_, commands_, digest_),
      life_(context_, commands_, tails_, node_settings, process_name_,
            [this] { return known_channels(); }),
      publisher_(context_, commands_, digest_),
      documents_(context_, commands_, all_topic_),
      nodes_(context_, commands_, process_name_, all_topic_, all_topic_ + ':',
             node_settings.beat_period_ms),
      bulletin_(*this),
      own_(*this),
      probe_(context_, commands_, subscriber_, own_topic_ + ":probe", url.name(),
             link_settings.probe_period_ms),
      subscriber_(loop, url, node_name_, link_settings, context_.counters,
                  {{all_topic_, bulletin_}, {own_topic_, own_}, {own_topic_ + ":probe", probe_}}),
      node_settings_(node_settings),
      period_ms_(link_settings.probe_period_ms),
      period_timer_(loop, [this] { on_period(); }) {
  context_.topic_prefix = bus_prefix_ + ":c:";
  context_.digest = &digest_;
}

RedisBroker::~RedisBroker() {
  nodes_.leave();
  life_.leave();
}

void RedisBroker::set_listener(BrokerListener& listener) {
  CHIRM_CHECK(context_.listener == nullptr);
  context_.listener = &listener;
  commands_.start(life_);
  subscriber_.start();
  digest_.start(node_settings_.digest_period_ms);
  nodes_.start();
  period_timer_.start_repeating(period_ms_);
}

void RedisBroker::publish(const PublishRequest& request, Callback<Position> done) {
  publisher_.publish(request, std::move(done));
}

void RedisBroker::history(const HistoryRequest& request, Callback<History> done) {
  ++context_.counters.histories;
  read_history(request, false, std::move(done));
}

// A followed channel's history must not be older than what was told of it: read again, once.
void RedisBroker::read_history(const HistoryRequest& request, bool is_repeated,
                               Callback<History> done) {
  if (!channels_.contains(request.channel)) {
    return RedisRead::submit(context_, commands_, request, RedisRead::Patience::kHold,
                             std::move(done));
  }
  RedisRead::submit(context_, commands_, request, RedisRead::Patience::kHold,
                    [this, name = std::string(request.channel), again = request, is_repeated,
                     done = std::move(done)](Expected<History, ErrorCode> history) mutable {
                      const auto found = channels_.find(name);
                      again.channel = name;
                      if (history && found != channels_.end()) {
                        Channel& channel = *found->second;
                        if (!is_repeated && channel.is_outdated(*history)) {
                          return read_history(again, true, std::move(done));
                        }
                        channel.compare_rewrites(*history);
                      }
                      done(std::move(history));
                    });
}

void RedisBroker::signal(std::string_view channel, std::string_view body) {
  (void)commands_.send({"PUBLISH", topic(channel), std::string(1, Channel::kSignal).append(body)},
                       nullptr);  // it is worth nothing later
}

void RedisBroker::rewrite(const RewriteRequest& request, Callback<Rewritten> done) {
  RedisCall::submit(
      context_, commands_,
      {.write =
           [this, channel = std::string(request.channel), offset = request.offset,
            epoch = std::string(request.epoch), expected = std::string(request.expected),
            body = std::string(request.body)](auto& command, const auto& scripts) {
             command.begin(3 + 2 + 6).add("EVALSHA").add(scripts.rewrite).add(2);
             add_channel_keys(command, context_, channel);
             command.add(offset).add(epoch).add(expected).add(body);
             command.add(topic(channel)).add(context_.settings.history_ttl_ms);
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

void RedisBroker::subscribe(std::string_view channel, Callback<Position> done) {
  auto added = std::make_unique<Channel>(*this, channel, std::move(done));
  const auto [item, is_new] = channels_.try_emplace(std::string(channel), std::move(added));
  CHIRM_CHECK(is_new, channel);
  subscriber_.add(topic(channel), *item->second);
}

void RedisBroker::unsubscribe(std::string_view channel) {
  const auto found = channels_.find(channel);
  if (found == channels_.end()) return;
  subscriber_.remove(topic(channel));
  found->second->state = Channel::State::kClosed;
  closed_channels_.push_back(std::move(found->second));
  channels_.erase(found);
}

// Only after the subscription is confirmed, and on the other link: so what is not in the position
// comes as a message.
void RedisBroker::read_position(Channel& channel) {
  channel.start_reading();
  channel.is_read_stale = channel.read_id != 0;
  if (channel.is_read_stale) return;  // its answer will ask again; reads must not pile up
  channel.read_id = ++next_read_id_;
  RedisRead::submit(context_, commands_,
                    {.channel = channel.name, .since = 0, .limit = 0, .reverse = false},
                    RedisRead::Patience::kForever,
                    [this, name = channel.name, id = channel.read_id](const auto& history) {
                      on_position(name, id, history);
                    });
}

void RedisBroker::on_position(const std::string& name, std::uint64_t read_id,
                              const Expected<History, ErrorCode>& history) {
  const auto found = channels_.find(name);
  if (found == channels_.end() || found->second->read_id != read_id) return;  // unsubscribed since
  Channel& channel = *found->second;  // lives until the end of the turn
  channel.read_id = 0;
  if (channel.is_read_stale) return read_position(channel);
  const Callback<Position> done = std::exchange(channel.done, nullptr);
  if (!history) {
    unsubscribe(name);
    return done(Unexpected<ErrorCode>(history.error()));
  }
  channel.state = Channel::State::kLive;
  channel.compare_rewrites(*history);
  done(history->top);
  channel.deliver_held(history->top);
}

void RedisBroker::Bulletin::on_message(std::string_view message) {
  owner_.documents_.on_message(message);
  owner_.nodes_.on_message(message);
  RedisDigest::read(message, [this](auto channel, auto epoch, std::uint64_t offset) {
    owner_.on_digest(channel, epoch, offset);
  });
}

void RedisBroker::on_digest(std::string_view name, std::string_view epoch, std::uint64_t offset) {
  const auto found = channels_.find(name);
  if (found == channels_.end() || !found->second->has_missed({offset, std::string(epoch)})) return;
  ++context_.counters.digest_gaps;
  context_.listener->on_maybe_missed(found->second->name);
}

std::vector<std::string> RedisBroker::known_channels() const {
  std::vector<std::string> names;
  names.reserve(channels_.size());
  for (const auto& [name, channel] : channels_) names.push_back(name);
  for (std::string& name : digest_.channels()) {
    if (!channels_.contains(name)) names.push_back(std::move(name));
  }
  return names;
}

std::string RedisBroker::topic(std::string_view channel) const {
  return std::string(context_.topic_prefix).append(channel);
}

void RedisBroker::search(const SearchRequest& request, Callback<SearchResult> done) {
  search_history(*this, request, std::move(done));
}

void RedisBroker::flush() {
  probe_.on_turn_end();
  nodes_.flush();
  commands_.flush();
  subscriber_.flush();
  closed_channels_.clear();
}

void RedisBroker::on_period() {
  subscriber_.check_confirmations();
  probe_.tick();
}

}  // namespace chirm
