// SPDX-License-Identifier: MIT
#include "core/broker/redis_broker.h"

#include <utility>

#include "core/base/check.h"
#include "core/broker/redis_bus_message.h"
#include "core/broker/redis_read.h"

namespace chirm {

namespace {

// Messages that come before the subscriber knows its position wait up to this size; then they are
// dropped, and on_maybe_missed() makes up for them.
constexpr std::size_t kHeldBytesMax = 1024 * 1024;

// Nodes that live must be back before a Redis that has come back is used without them.
static_assert(RedisNodeSettings{}.return_ms >
              RedisLinkSettings{}.connect_timeout_ms + RedisLinkSettings{}.backoff_max_ms);
static_assert(RedisNodeSettings{}.return_ms < BrokerSettings{}.hold_ms);

}  // namespace

// A subscribed channel.
class RedisBroker::Channel final : public RedisTopic {
 public:
  enum class State : std::uint8_t {
    kSubscribing,  // waits for Redis to confirm
    kReading,      // confirmed; waits for the position. Messages are held
    kLive,         // `done` was called
    kClosed,       // unsubscribed; deleted at the end of the turn
  };

  Channel(RedisBroker& owner, std::string_view channel, Callback<Position> on_done)
      : name(channel), done(std::move(on_done)), owner_(owner) {}

  void on_subscribed() override {
    if (state != State::kLive) return owner_.read_position(*this);
    owner_.context_.listener->on_maybe_missed(name);
  }
  void on_message(std::string_view message) override {
    if (state == State::kReading) return hold(message);
    if (state == State::kLive) deliver(message, 0);
  }

  // Confirmed. What came before counts no more.
  void start_reading() {
    state = State::kReading;
    held_.clear();
    held_bytes_ = 0;
    has_dropped_ = false;
  }
  // The listener knows now that it starts at `top`.
  void deliver_held(const Position& top) {
    last_ = top;
    for (const std::string& message : std::exchange(held_, {})) {
      const auto parsed = RedisBusMessage::parse(message);
      if (parsed && parsed->epoch() == top.epoch) {
        deliver(message, top.offset);
      } else {
        has_dropped_ = true;
      }
    }
    if (has_dropped_ && state == State::kLive) owner_.context_.listener->on_maybe_missed(name);
  }

  // The store has this position. True when what leads there did not arrive; once.
  bool has_missed(Position position) {
    const auto covers = [&](const Position& one) {
      return one.epoch == position.epoch && one.offset >= position.offset;
    };
    if (state != State::kLive || covers(last_) ||
        covers(owner_.context_.listener->known_position(name))) {
      return false;
    }
    last_ = std::move(position);
    return true;
  }

  const std::string name;
  State state = State::kSubscribing;
  Callback<Position> done;
  std::uint64_t read_id = 0;   // of the read that is on the way, 0: none
  bool is_read_stale = false;  // it was asked for before Redis confirmed the subscription again

 private:
  void hold(std::string_view message) {
    held_bytes_ += message.size();
    if (held_bytes_ > kHeldBytesMax) {
      has_dropped_ = true;
    } else {
      held_.emplace_back(message);
    }
  }
  // What is in the message with an offset above `after`. The listener may unsubscribe meanwhile.
  void deliver(std::string_view text, std::uint64_t after) {
    auto message = RedisBusMessage::parse(text);
    while (message && !message->is_at_end() && state == State::kLive) {
      const auto item = message->next();
      if (!item) break;
      if (item->offset <= after) continue;
      ++owner_.context_.counters.received;
      if (last_.epoch != message->epoch()) last_.epoch = message->epoch();
      last_.offset = item->offset;
      owner_.context_.listener->on_publication(name, item->offset, message->epoch(), item->body);
    }
    if (state == State::kLive && (!message || !message->is_at_end())) {
      ++owner_.context_.counters.invalid_received;
    }
  }

  RedisBroker& owner_;
  Position last_;  // of what has arrived
  std::vector<std::string> held_;
  std::size_t held_bytes_ = 0;
  bool has_dropped_ = false;  // from held_
};

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
      presence_(context_, commands_, all_topic_, own_topic_),
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
  RedisRead::submit(context_, commands_, request, RedisRead::Patience::kHold, std::move(done));
}

void RedisBroker::presence(std::string_view channel, Callback<std::vector<PresentClient>> done) {
  // Without Pub/Sub the answers would not arrive.
  if (probe_.is_linked()) return presence_.ask(channel, std::move(done));
  context_.later.add(
      [refused = std::move(done)] { refused(Unexpected<ErrorCode>(errors::kInternal)); });
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
                    [this, name = channel.name, id = channel.read_id](auto history) {
                      on_position(name, id, history.map([](History& read) { return read.top; }));
                    });
}

void RedisBroker::on_position(const std::string& name, std::uint64_t read_id,
                              Expected<Position, ErrorCode> position) {
  const auto found = channels_.find(name);
  if (found == channels_.end() || found->second->read_id != read_id) return;  // unsubscribed since
  Channel& channel = *found->second;  // lives until the end of the turn
  channel.read_id = 0;
  if (channel.is_read_stale) return read_position(channel);
  const Callback<Position> done = std::exchange(channel.done, nullptr);
  if (!position) {
    unsubscribe(name);
    return done(std::move(position));
  }
  channel.state = Channel::State::kLive;
  done(position);
  channel.deliver_held(*position);
}

void RedisBroker::Bulletin::on_message(std::string_view message) {
  owner_.presence_.on_message(message);
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
