// SPDX-License-Identifier: MIT
#include "core/broker/redis_broker.h"

#include <charconv>
#include <optional>
#include <utility>
#include <vector>

#include "core/base/check.h"
#include "core/base/random.h"

namespace chirm {

namespace {

// Messages that come before the subscriber knows its position wait up to this size; then they are
// dropped, and on_maybe_missed() makes up for them.
constexpr std::size_t kHeldBytesMax = 1024 * 1024;
constexpr std::uint64_t kProbePeriodMs = 1000;
constexpr std::uint64_t kProbesMissedMax = 3;

// `<offset>:<epoch>:<body>`, as the publish script sends it.
struct BusPublication {
  std::uint64_t offset;
  std::string_view epoch;
  std::string_view body;
};

std::optional<BusPublication> parse_publication(std::string_view payload) {
  BusPublication publication{};
  const char* const end = payload.data() + payload.size();
  const auto [colon, error] = std::from_chars(payload.data(), end, publication.offset);
  if (error != std::errc() || colon == end || *colon != ':') return std::nullopt;
  payload.remove_prefix(static_cast<std::size_t>(colon - payload.data()) + 1);
  const std::size_t epoch_end = payload.find(':');
  if (epoch_end == payload.npos) return std::nullopt;
  publication.epoch = payload.substr(0, epoch_end);
  publication.body = payload.substr(epoch_end + 1);
  return publication;
}

std::string bus_prefix(const RedisUrl& url, const std::string& prefix) {
  // Pub/Sub knows no databases.
  return prefix + '@' + std::to_string(url.database);
}

}  // namespace

// A subscribed channel.
class RedisBroker::Channel final : public RedisTopic {
 public:
  enum class State : std::uint8_t {
    kSubscribing,  // waits for Redis to confirm
    kReading,      // confirmed; waits for the position. Messages are held
    kLive,         // `done` was called
  };

  Channel(RedisBroker& owner, std::string_view channel, Callback<Position> on_done)
      : name(channel), done(std::move(on_done)), owner_(owner) {}

  // The last call in each: the listener may unsubscribe.
  void on_subscribed() override {
    if (state != State::kLive) return owner_.read_position(*this);
    owner_.context_.listener->on_maybe_missed(name);
  }
  void on_message(std::string_view payload) override {
    if (state == State::kReading) return hold(payload);
    if (state == State::kLive) deliver(payload);
  }
  void deliver(std::string_view payload) {
    const auto publication = parse_publication(payload);
    if (!publication) {
      ++owner_.context_.counters.invalid_received;
      return;
    }
    ++owner_.context_.counters.received;
    owner_.context_.listener->on_publication(name, publication->offset, publication->epoch,
                                             publication->body);
  }

  const std::string name;
  State state = State::kSubscribing;
  Callback<Position> done;
  std::uint64_t read_id = 0;  // the read that counts
  std::vector<std::string> held;
  std::size_t held_bytes = 0;
  bool has_dropped = false;  // from held

 private:
  void hold(std::string_view payload) {
    held_bytes += payload.size();
    if (held_bytes > kHeldBytesMax) {
      has_dropped = true;
    } else {
      held.emplace_back(payload);
    }
  }

  RedisBroker& owner_;
};

// The two topics of nodes. A probe is its own text; everything else is presence.
class RedisBroker::Control final : public RedisTopic {
 public:
  explicit Control(RedisBroker& owner) : owner_(owner) {}

  void on_subscribed() override {}
  void on_message(std::string_view payload) override {
    if (payload == owner_.probe_) {
      owner_.probes_missed_ = 0;
    } else {
      owner_.presence_.on_message(payload);
    }
  }

 private:
  RedisBroker& owner_;
};

RedisBroker::RedisBroker(Loop& loop, const RedisUrl& url, const BrokerSettings& settings,
                         const std::string& prefix, const std::string& node_name,
                         const RedisLinkSettings& link_settings)
    : context_{.key_prefix = prefix + ':',
               .topic_prefix = bus_prefix(url, prefix) + ":c:",
               .settings = settings,
               .listener = nullptr,
               .counters = {},
               .random = {}},
      node_name_(node_name.empty() ? "node-" + context_.random.name(8) : node_name),
      bus_prefix_(bus_prefix(url, prefix)),
      probe_("p" + context_.random.name(16)),
      commands_(loop, url, node_name_, settings, link_settings, context_.counters),
      presence_(loop, commands_, bus_prefix_ + ":ctl", bus_prefix_ + ":ctl:" + node_name_,
                context_.counters),
      control_(std::make_unique<Control>(*this)),
      subscriber_(
          loop, url, node_name_, link_settings, context_.counters,
          {{bus_prefix_ + ":ctl", *control_}, {bus_prefix_ + ":ctl:" + node_name_, *control_}}),
      second_timer_(loop, [this] { on_second(); }) {}

RedisBroker::~RedisBroker() = default;

void RedisBroker::set_listener(BrokerListener& listener) {
  CHIRM_CHECK(context_.listener == nullptr);
  context_.listener = &listener;
  presence_.set_listener(listener);
  commands_.start();
  subscriber_.start();
  second_timer_.start_repeating(kProbePeriodMs);
}

void RedisBroker::publish(const PublishRequest& request, Callback<Position> done) {
  ++context_.counters.publishes;
  commands_.submit(std::make_unique<RedisPublish>(context_, request, std::move(done)));
}

void RedisBroker::history(const HistoryRequest& request, Callback<History> done) {
  ++context_.counters.histories;
  commands_.submit(std::make_unique<RedisRead>(context_, request, true, std::move(done)));
}

void RedisBroker::presence(std::string_view channel, Callback<std::vector<PresentClient>> done) {
  presence_.ask(channel, std::move(done));
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
  channels_.erase(found);
}

// Only after the subscription is confirmed, and on the other link: so what is not in the position
// comes as a message.
void RedisBroker::read_position(Channel& channel) {
  channel.state = Channel::State::kReading;
  channel.read_id = ++next_read_id_;
  channel.held.clear();
  channel.held_bytes = 0;
  channel.has_dropped = false;
  commands_.submit(std::make_unique<RedisRead>(
      context_, HistoryRequest{.channel = channel.name}, false,
      [this, name = channel.name, read_id = channel.read_id](Expected<History, ErrorCode> history) {
        on_position(name, read_id, history.map([](History& read) { return std::move(read.top); }));
      }));
}

void RedisBroker::on_position(const std::string& name, std::uint64_t read_id,
                              Expected<Position, ErrorCode> position) {
  const auto current = [this, &name, read_id]() -> Channel* {
    const auto found = channels_.find(name);
    return found != channels_.end() && found->second->read_id == read_id ? found->second.get()
                                                                         : nullptr;
  };
  Channel* channel = current();
  if (channel == nullptr) return;  // unsubscribed, or subscribed anew, since
  const Callback<Position> done = std::move(channel->done);
  if (!position) {
    unsubscribe(name);
    return done(std::move(position));
  }
  channel->state = Channel::State::kLive;
  const std::vector<std::string> held = std::exchange(channel->held, {});
  bool has_dropped = channel->has_dropped;
  const Position top = *position;
  done(std::move(position));
  for (const std::string& payload : held) {
    if ((channel = current()) == nullptr) return;
    const auto publication = parse_publication(payload);
    if (publication && publication->epoch != top.epoch)
      has_dropped = true;
    else if (!publication || publication->offset > top.offset)
      channel->deliver(payload);
  }
  if (has_dropped && current() != nullptr) context_.listener->on_maybe_missed(name);
}

std::string RedisBroker::topic(std::string_view channel) const {
  return std::string(context_.topic_prefix).append(channel);
}

void RedisBroker::flush() {
  commands_.flush();
  subscriber_.flush();
}

bool RedisBroker::is_connected() const { return commands_.is_open() && subscriber_.is_ready(); }

void RedisBroker::on_second() {
  subscriber_.on_second();
  if (!is_connected() || ++probes_missed_ > kProbesMissedMax) {
    if (is_connected()) subscriber_.reconnect("no message arrives");
    probes_missed_ = 0;
    return;
  }
  (void)commands_.send({"PUBLISH", bus_prefix_ + ":ctl:" + node_name_, probe_}, nullptr);
}

}  // namespace chirm
