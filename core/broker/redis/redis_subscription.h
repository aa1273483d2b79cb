// SPDX-License-Identifier: MIT
#pragma once
// What has arrived of one channel that this node follows, and what of it the listener is told.
// Private to core/broker; loop's thread.
//
//   subscribing ──confirmed──▶ reading ──its position──▶ live
//                              messages are held         messages are delivered
//
// The position is read only when Redis has confirmed the subscription, and on the other link. So
// each publication is in the position that was read, or comes as a message, or both: what is held
// is delivered from the position on.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/broker/broker.h"
#include "core/broker/redis/kept/redis_message_keys.h"
#include "core/broker/redis/kept/redis_rewrites.h"
#include "core/broker/redis/redis_context.h"

namespace chirm {

class RedisSubscription {
 public:
  enum class State : std::uint8_t {
    kSubscribing,  // waits for Redis to confirm
    kReading,      // confirmed; waits for the position. Messages are held
    kLive,         // `done` was called
    kClosed,       // unsubscribed: nothing is delivered any more
  };
  using Done = Broker::Callback<LogTop>;

  // Messages that come before the position is known wait up to this size; then they are dropped,
  // and on_maybe_missed() makes up for them.
  static constexpr std::size_t kHeldBytesMax = 1024 * 1024;

  // The context, with its listener, must outlive it.
  RedisSubscription(RedisContext& context, std::string_view channel, Done done);

  const std::string& channel() const { return channel_; }
  bool is_live() const { return state_ == State::kLive; }

  // Confirmed, while not live. What came before counts no more.
  void start_reading();
  void on_message(std::string_view message);
  // The position was read, after start_reading(): tells `done`, and delivers what was held. It may
  // be closed meanwhile.
  void go_live(const History& history);
  // It could not be read: `done`, for the caller to tell. Or empty: it was called already.
  Done take_done();
  void close() { state_ = State::kClosed; }

  // The store has this position. True when what leads there did not arrive; true once for it.
  bool has_missed(Position position);

  // Whether more has been told of rewrites than this read of the log knows.
  bool is_outdated(const History& history) const {
    return rewrites_.is_ahead_of(history.top.epoch, history.rewrites);
  }
  // Tells of rewrites that were not told because the link was down.
  void compare_rewrites(const History& history);
  const RedisRewrites& rewrites() const { return rewrites_; }
  // Takes from a read of the log what it says of message ids, and of what was rewritten.
  void note_entries(const History& history);
  const RedisMessageKeys& keys() const { return keys_; }

  // What its members promise of each other.
  void check() const;

 private:
  void hold(std::string_view message);
  void deliver_held(const Position& top);
  void handle(std::string_view message, std::uint64_t after);
  void on_rewritten(std::string_view message);
  void deliver(std::string_view message, std::uint64_t after);

  RedisContext& context_;
  const std::string channel_;
  State state_ = State::kSubscribing;
  Done done_;               // empty exactly when it is live, or was and is closed
  Position last_;           // the newest that has arrived, or was announced and asked for
  RedisRewrites rewrites_;  // that the listener was told of
  RedisMessageKeys keys_;
  std::vector<std::string> held_;
  std::size_t held_bytes_ = 0;  // of what is in held_, and of what would be if it were not too much
  bool has_dropped_ = false;    // something that should be in held_
};

}  // namespace chirm
