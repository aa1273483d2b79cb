// SPDX-License-Identifier: MIT
#pragma once
// A channel that a RedisBroker has subscribed to. Private to redis_broker.cc.

#include <charconv>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/broker/redis/redis_broker.h"
#include "core/broker/redis/redis_bus_message.h"

namespace chirm {

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
    if (state == State::kLive) handle(message, 0);
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
      if (is_special(message) || (parsed && parsed->epoch() == top.epoch)) {
        handle(message, top.offset);
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

  // Whether more has been told of rewrites than this read of the log knows.
  bool is_outdated(const History& history) const {
    return history.top.epoch == rewritten_epoch_ && history.rewrites < rewrites_;
  }
  // Tells of rewrites that were not told, as the link was down.
  void compare_rewrites(const History& history) {
    const bool is_known = !rewritten_epoch_.empty();
    const bool is_same = history.top.epoch == rewritten_epoch_ && history.rewrites == rewrites_;
    if (is_same) return;
    rewritten_epoch_ = history.top.epoch;
    rewrites_ = history.rewrites;
    if (is_known && state == State::kLive) {
      owner_.context_.listener->on_rewritten(name, history.top.offset);
    }
  }

  static constexpr char kSignal = 's';
  static constexpr char kRewrite = 'r';

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
  static bool is_special(std::string_view message) {
    return message.starts_with(kSignal) || message.starts_with(kRewrite);
  }
  void handle(std::string_view message, std::uint64_t after) {
    if (message.starts_with(kSignal)) {
      owner_.context_.listener->on_signal(name, message.substr(1));
    } else if (message.starts_with(kRewrite)) {
      on_rewritten(message.substr(1));
    } else {
      deliver(message, after);
    }
  }
  // `<offset>:<rewrites>:<epoch>`
  void on_rewritten(std::string_view text) {
    std::uint64_t offset = 0;
    std::uint64_t count = 0;
    const char* const end = text.data() + text.size();
    const auto [colon, error] = std::from_chars(text.data(), end, offset);
    if (error != std::errc() || colon == end) return;
    const auto [second, its_error] = std::from_chars(colon + 1, end, count);
    if (its_error != std::errc() || second == end) return;
    const std::string_view epoch(second + 1, static_cast<std::size_t>(end - second) - 1);
    const bool is_next = epoch == rewritten_epoch_ && count == rewrites_ + 1;
    const bool is_told = epoch == rewritten_epoch_ && count <= rewrites_;
    if (is_told) return;
    rewritten_epoch_ = epoch;
    rewrites_ = count;
    owner_.context_.listener->on_rewritten(name, is_next ? offset : UINT64_MAX);
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

  // Messages that come before the subscriber knows its position wait up to this size; then they
  // are dropped, and on_maybe_missed() makes up for them.
  static constexpr std::size_t kHeldBytesMax = 1024 * 1024;

  RedisBroker& owner_;
  Position last_;                // of what has arrived
  std::string rewritten_epoch_;  // … and of what was rewritten:
  std::uint64_t rewrites_ = 0;   // so many in this epoch
  std::vector<std::string> held_;
  std::size_t held_bytes_ = 0;
  bool has_dropped_ = false;  // from held_
};

}  // namespace chirm
