// SPDX-License-Identifier: MIT
#include "core/broker/redis/redis_subscription.h"

#include <utility>

#include "core/base/check.h"
#include "core/broker/redis/redis_bus_message.h"

namespace chirm {

namespace {
// What has no offset: it can neither be part of a position nor be missing from one.
bool is_signal_or_rewrite(std::string_view message) {
  return message.starts_with(RedisBusMessage::kSignal) ||
         message.starts_with(RedisBusMessage::kRewrite);
}
}  // namespace

RedisSubscription::RedisSubscription(RedisContext& context, std::string_view channel, Done done)
    : context_(context),
      channel_(channel),
      done_(std::move(done)),
      rewrites_(context.rewrites_memory),
      keys_(context.keys_memory) {}

void RedisSubscription::start_reading() {
  CHIRM_CHECK(state_ == State::kSubscribing || state_ == State::kReading, channel_);
  state_ = State::kReading;
  held_.clear();
  held_bytes_ = 0;
  has_dropped_ = false;
}

// A message before the confirmation is of a connection that was lost: the position, which is read
// after it, covers it.
void RedisSubscription::on_message(std::string_view message) {
  if (state_ == State::kReading) return hold(message);
  if (state_ == State::kLive) handle(message, 0);
}

void RedisSubscription::hold(std::string_view message) {
  held_bytes_ += message.size();
  if (held_bytes_ > kHeldBytesMax) {
    has_dropped_ = true;
  } else {
    held_.emplace_back(message);
  }
}

void RedisSubscription::go_live(const History& history) {
  CHIRM_CHECK(state_ == State::kReading, channel_);
  state_ = State::kLive;
  compare_rewrites(history);
  // The listener knows where it starts before anything behind that is delivered.
  take_done()(history.top);
  deliver_held(history.top);
}

RedisSubscription::Done RedisSubscription::take_done() { return std::exchange(done_, nullptr); }

// Messages of another epoch than the one that was read are from before it, or already from behind
// it: which of the two cannot be told from them, so the channel is to be compared.
void RedisSubscription::deliver_held(const Position& top) {
  last_ = top;
  for (const std::string& message : std::exchange(held_, {})) {
    const auto parsed = RedisBusMessage::parse(message);
    if (is_signal_or_rewrite(message) || (parsed && parsed->epoch() == top.epoch)) {
      handle(message, top.offset);
    } else {
      has_dropped_ = true;
    }
  }
  held_bytes_ = 0;
  if (has_dropped_ && is_live()) context_.listener->on_maybe_missed(channel_);
}

void RedisSubscription::handle(std::string_view message, std::uint64_t after) {
  if (message.starts_with(RedisBusMessage::kSignal)) {
    context_.listener->on_signal(channel_, message.substr(1));
  } else if (message.starts_with(RedisBusMessage::kRewrite)) {
    on_rewritten(message);
  } else {
    deliver(message, after);
  }
}

// What is in the message with an offset above `after`. The listener may unsubscribe meanwhile.
void RedisSubscription::deliver(std::string_view text, std::uint64_t after) {
  auto message = RedisBusMessage::parse(text);
  while (message && !message->is_at_end() && is_live()) {
    const auto item = message->next();
    if (!item) break;
    if (item->offset <= after) continue;
    ++context_.counters.received;
    if (last_.epoch != message->epoch()) last_.epoch = message->epoch();
    last_.offset = item->offset;
    if (!item->key.empty()) keys_.note(message->epoch(), item->offset, item->key);
    context_.listener->on_publication(channel_, item->offset, message->epoch(), item->body);
  }
  if (is_live() && (!message || !message->is_at_end())) ++context_.counters.invalid_received;
}

bool RedisSubscription::has_missed(Position position) {
  const auto covers = [&](const Position& one) {
    return one.epoch == position.epoch && one.offset >= position.offset;
  };
  if (!is_live() || covers(last_) || covers(context_.listener->known_position(channel_))) {
    return false;
  }
  last_ = std::move(position);
  return true;
}

void RedisSubscription::note_entries(const History& history) {
  for (const auto& [offset, key] : history.keys) {
    // 0 is that of an entry that chirm has not written.
    if (offset > 0) keys_.note(history.top.epoch, offset, key);
  }
  rewrites_.note_unnumbered(history.rewritten);
}

// ---- Rewrites

// Of those whose notice was lost it is not known where they were: anywhere.
void RedisSubscription::on_rewritten(std::string_view message) {
  const auto notice = RedisRewriteNotice::parse(message);
  if (!notice) {
    ++context_.counters.invalid_received;
    return;
  }
  const RedisRewrites::Seen seen = rewrites_.note(*notice);
  if (seen == RedisRewrites::Seen::kSome) {
    context_.listener->on_rewritten(channel_, UINT64_MAX, {});
  } else if (seen == RedisRewrites::Seen::kNext) {
    context_.listener->on_rewritten(channel_, notice->offset, notice->body);
  }
}

void RedisSubscription::compare_rewrites(const History& history) {
  const bool is_known =
      rewrites_.note(history.top.epoch, history.rewrites) == RedisRewrites::Seen::kNothingNew;
  if (!is_known && is_live()) context_.listener->on_rewritten(channel_, history.top.offset, {});
}

void RedisSubscription::check() const {
  CHIRM_CHECK(!is_live() || !done_, channel_);
  CHIRM_CHECK(state_ == State::kLive || state_ == State::kClosed || done_, channel_);
  // Held messages are of the time between the confirmation and the position.
  CHIRM_CHECK(state_ == State::kReading || state_ == State::kClosed || held_.empty(), channel_,
              held_.size());
  CHIRM_CHECK(held_bytes_ <= kHeldBytesMax || has_dropped_, channel_, held_bytes_);
  rewrites_.check();
  keys_.check();
}

}  // namespace chirm
