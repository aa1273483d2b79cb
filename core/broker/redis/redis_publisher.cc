// SPDX-License-Identifier: MIT
#include "core/broker/redis/redis_publisher.h"

#include <algorithm>
#include <charconv>
#include <optional>
#include <utility>

#include "core/base/check.h"

namespace chirm {

namespace {

// `<offset>:<epoch>`, what a repetition is answered.
std::optional<Position> parse_position(std::string_view text) {
  Position position;
  const char* const end = text.data() + text.size();
  const auto [colon, error] = std::from_chars(text.data(), end, position.offset);
  if (error != std::errc() || colon == end || *colon != ':') return std::nullopt;
  position.epoch.assign(colon + 1, end);
  return position;
}

}  // namespace

// A lane's turn to be sent. It is in the queue of RedisCommands exactly while the lane has
// messages, so a lane can never be forgotten, nor be sent twice at a time.
class RedisPublisher::Batch final : public RedisRequest {
 public:
  Batch(RedisPublisher& publisher, Lane& lane) : publisher_(publisher), lane_(lane) {}

  bool is_wanted() const override { return !lane_.messages.empty(); }
  void write(RedisCommand& command, const RedisScriptNames& scripts) override {
    publisher_.write(lane_, command, scripts);
  }
  void on_reply(const RedisReply& reply) override { publisher_.on_reply(lane_, reply); }
  void on_error() override {
    publisher_.fail_sent(lane_);
    publisher_.finish(lane_);
  }
  void on_refused() override { drop_failed(lane_); }
  void on_lost() override { publisher_.on_lost(lane_); }
  void on_unwanted() override { publisher_.finish(lane_); }

 private:
  RedisPublisher& publisher_;
  Lane& lane_;
};

RedisPublisher::RedisPublisher(RedisContext& context, RedisCommands& commands,
                               RedisReplicaAcks& replica_acks)
    : context_(context),
      commands_(commands),
      replica_acks_(replica_acks),
      expiry_timer_(context.loop, [this] { expire(context_.loop.now_ms()); }) {
  expiry_timer_.start_repeating(expiry_period_ms(context.settings.hold_ms));
}

RedisPublisher::~RedisPublisher() = default;

// Only the first message of a lane gets it a place in the queue. Those that come while it waits
// there go with it, and so one call of the script serves them all.
void RedisPublisher::publish(const PublishRequest& request, Done done) {
  ++context_.counters.publishes;
  Message message{.text = {},
                  .user_bytes = request.user.size(),
                  .id_bytes = request.message_id.size(),
                  .is_id_apart = request.is_id_apart,
                  .submitted_ms = context_.loop.now_ms(),
                  .done = std::move(done)};
  message.text.reserve(message.user_bytes + message.id_bytes + request.body.size());
  message.text.append(request.user).append(request.message_id).append(request.body);
  if (!context_.admit(message.text.size())) {
    return context_.later.add([this, refused = std::move(message.done)] { fail(refused); });
  }
  auto found = lanes_.find(request.channel);
  if (found == lanes_.end()) {
    auto lane = std::make_unique<Lane>(request.channel);
    const std::string_view name = lane->channel;
    found = lanes_.emplace(name, std::move(lane)).first;
    commands_.submit(std::make_unique<Batch>(*this, *found->second));
  }
  found->second->messages.push_back(std::move(message));
}

bool RedisPublisher::has_id(const Message& message) const {
  return message.id_bytes != 0 && context_.settings.idempotency_ttl_ms != 0;
}

// How many go is decided anew each time: what was refused or lost goes again with what came since.
// A message that is larger than a batch may be goes alone.
void RedisPublisher::write(Lane& lane, RedisCommand& command, const RedisScriptNames& scripts) {
  std::size_t bytes = 0;
  bool has_ids = false;
  for (lane.sent = 0; lane.sent < std::min(lane.messages.size(), kBatchMax); ++lane.sent) {
    const Message& message = lane.messages[lane.sent];
    bytes += message.text.size();
    if (lane.sent != 0 && bytes > kBatchBytesMax) break;
    has_ids |= has_id(message);
  }
  const std::string_view channel = lane.channel;
  command.begin(3 + 2 + kKnownArguments + 4 + 2 * lane.sent + (has_ids ? 1 : 0))
      .add("EVALSHA")
      .add(scripts.publish)
      .add(2);
  add_channel_keys(command, context_, channel);
  lane.known_epoch = add_known_position(command, context_, channel);
  command.add(context_.settings.history_ttl_ms);
  command.add_joined({context_.topic_prefix, channel});
  command.add(context_.settings.history_size).add(context_.settings.idempotency_ttl_ms);
  for (std::size_t i = 0; i < lane.sent; ++i) {
    const Message& message = lane.messages[i];
    if (has_id(message)) {
      // A message_key() (message_ids.h), without building it first.
      command.add_joined({message.is_id_apart ? "+" : "", std::to_string(message.user_bytes), ":",
                          message.user(), message.id()});
    } else {
      command.add("");
    }
    command.add(message.body());
  }
  if (has_ids) command.add(message_ids_period_ms(context_));
}

// {epoch, …}: offsets, or "<offset>:<epoch>" for repetitions. Or one offset in the known epoch.
void RedisPublisher::on_reply(Lane& lane, const RedisReply& reply) {
  if (lane.sent == 1 && reply.integer() > 0 && !lane.known_epoch.empty()) {
    const Position position{static_cast<std::uint64_t>(reply.integer()), lane.known_epoch};
    context_.positions.note(lane.channel, position);
    answer_next(lane, position);
    return finish(lane);
  }
  if (reply.size() != lane.sent + 1) {  // no answer of this script: nobody knows what was stored
    fail_sent(lane);
    return finish(lane);
  }
  Position newest{0, std::string(reply[0].text())};
  // Answered one by one, because a callback may publish in this lane: sent counts down beside it.
  for (std::size_t i = 1; lane.sent > 0; ++i) {
    std::optional<Position> position = parse_position(reply[i].text());
    if (position) {
      ++context_.counters.duplicates;
    } else if (reply[i].integer() > 0) {
      position = Position{static_cast<std::uint64_t>(reply[i].integer()), newest.epoch};
    }
    // A repetition may be of an epoch that is over: its offset then says nothing about this one.
    if (position && position->epoch == newest.epoch) {
      newest.offset = std::max(newest.offset, position->offset);
    }
    answer_next(lane, position);
  }
  if (newest.offset > 0 && !newest.epoch.empty()) context_.positions.note(lane.channel, newest);
  finish(lane);
}

// A repetition waits for the replicas as well: the first answer may never have been given, as they
// lacked it.
void RedisPublisher::answer_next(Lane& lane, const std::optional<Position>& position) {
  --lane.sent;
  const std::uint64_t submitted_ms = lane.messages.front().submitted_ms;
  const Done done = take(lane.messages.front());
  lane.messages.pop_front();
  if (!done) return;
  if (!position) return fail(done);
  if (!replica_acks_.is_on()) return succeed(done, *position);
  replica_acks_.confirm(submitted_ms, [this, done, position](bool is_replicated) {
    is_replicated ? succeed(done, *position) : fail(done);
  });
}

// The link is gone, and with it the answer: Redis may have stored these or not. Those with a
// message id are sent again, as Redis recognises what it has. The others fail: to store one twice
// would be worse, and whoever sent it can decide.
void RedisPublisher::on_lost(Lane& lane) {
  std::vector<Done> unknown;
  for (std::size_t i = 0; i < lane.sent; ++i) {
    Message& message = lane.messages[i];
    if (message.done && !has_id(message)) unknown.push_back(take(message));
  }
  drop_failed(lane);
  // At last, when the lane is in order: they may publish again.
  for (const Done& done : unknown) fail(done);
}

// What was sent waits again, except for what has failed since: it kept its place only for the
// answer that will not come now.
void RedisPublisher::drop_failed(Lane& lane) {
  const auto begin = lane.messages.begin();
  const auto sent_end = begin + static_cast<std::ptrdiff_t>(std::exchange(lane.sent, 0));
  lane.messages.erase(
      std::remove_if(begin, sent_end, [](const Message& message) { return !message.done; }),
      sent_end);
}

void RedisPublisher::fail_sent(Lane& lane) {
  for (; lane.sent > 0; --lane.sent) {
    const Done done = take(lane.messages.front());
    lane.messages.pop_front();
    if (done) fail(done);
  }
}

// The lane's batch is done with. What is left, or came meanwhile, gets a new place at the end of
// the queue: a busy channel does not keep the others waiting.
void RedisPublisher::finish(Lane& lane) {
  if (lane.messages.empty()) {
    lanes_.erase(lane.channel);
  } else {
    commands_.submit(std::make_unique<Batch>(*this, lane));
  }
}

// A lane is not one request to RedisCommands' clock, as its messages have waited for different
// times.
void RedisPublisher::expire(std::uint64_t now_ms) {
  std::vector<Done> expired;
  for (const auto& [channel, lane] : lanes_) expire(*lane, now_ms, expired);
  for (const Done& done : expired) fail(done);
}

void RedisPublisher::expire(Lane& lane, std::uint64_t now_ms, std::vector<Done>& expired) {
  const auto first = std::find_if(lane.messages.begin(), lane.messages.end(),
                                  [](const Message& message) { return message.done != nullptr; });
  if (first == lane.messages.end() || now_ms - first->submitted_ms < context_.settings.hold_ms) {
    return;
  }
  for (Message& message : lane.messages) {
    if (message.done) expired.push_back(take(message));
  }
  lane.messages.erase(lane.messages.begin() + static_cast<std::ptrdiff_t>(lane.sent),
                      lane.messages.end());
}

void RedisPublisher::check() const {
  checked_.visit(lanes_, [](const Lanes::value_type& one) { check(*one.second); });
}

void RedisPublisher::check(const Lane& lane) {
  CHIRM_CHECK(lane.sent <= std::min(lane.messages.size(), kBatchMax), lane.channel, lane.sent,
              lane.messages.size());
  const std::size_t end = std::min(lane.messages.size(), lane.sent + kBatchMax);
  for (std::size_t i = 0; i < end; ++i) {
    const Message& message = lane.messages[i];
    CHIRM_CHECK(message.user_bytes + message.id_bytes <= message.text.size(), lane.channel, i);
    // Only what was sent needs its place when it has failed: its answer is still to come.
    CHIRM_CHECK(i < lane.sent || message.done, lane.channel, i, lane.sent);
    CHIRM_CHECK(i == 0 || lane.messages[i - 1].submitted_ms <= message.submitted_ms, lane.channel,
                i);
  }
}

RedisPublisher::Done RedisPublisher::take(Message& message) {
  if (message.done) context_.release(message.text.size());
  return std::exchange(message.done, nullptr);
}

void RedisPublisher::succeed(const Done& done, const Position& position) {
  ++context_.counters.published;
  done(position);
}

void RedisPublisher::fail(const Done& done) {
  ++context_.counters.publish_errors;
  done(Unexpected<ErrorCode>(errors::kInternal));
}

}  // namespace chirm
