// SPDX-License-Identifier: MIT
#pragma once
// The channels that this node follows: keeps their topics subscribed, reads where each one starts,
// and compares what Redis and other nodes say of them with what has arrived. Private to
// core/broker; loop's thread.

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "core/base/intrusive_list.h"
#include "core/base/string_hash.h"
#include "core/base/turn_slice.h"
#include "core/broker/broker.h"
#include "core/broker/redis/redis_commands.h"
#include "core/broker/redis/redis_context.h"
#include "core/broker/redis/redis_subscriber.h"
#include "core/broker/redis/redis_subscription.h"

namespace chirm {

class RedisSubscriptions {
 public:
  // All must outlive it.
  RedisSubscriptions(RedisContext& context, RedisCommands& commands, RedisSubscriber& subscriber);

  // The channel must not be subscribed already. `done` is told as Broker::subscribe() says, unless
  // the channel is removed before.
  void add(std::string_view channel, RedisSubscription::Done done);
  // Does nothing when the channel is not subscribed.
  void remove(std::string_view channel);

  // Reads a channel's log. That of a subscribed channel is not older than what was told of it.
  void read_history(const HistoryRequest& request, Broker::Callback<History> done);
  // Another node says that the store has this position.
  void on_digest(std::string_view channel, std::string_view epoch, std::uint64_t offset);

  // Null when there is none. Valid until anything happens to the channel.
  const RedisSubscription* subscription(std::string_view channel) const;
  // Those whose turn it is keep their numbering for another day. Each second.
  void renew_numberings();

  // Subscribed, or published in lately.
  std::vector<std::string> known_channels() const;

  // At the end of each turn.
  void flush() { closed_.clear(); }
  // Looks at some of the channels, at others the next time. At the end of a turn, after flush().
  void check() const;

 private:
  struct ByRenewalTag;
  // A channel as the subscriber knows it.
  struct Followed final : RedisTopic, ListHook<ByRenewalTag> {
    Followed(RedisSubscriptions& its_owner, std::string_view channel, RedisSubscription::Done done);
    void on_subscribed() override { owner.on_subscribed(*this); }
    void on_message(std::string_view message) override { subscription.on_message(message); }

    RedisSubscriptions& owner;
    RedisSubscription subscription;
    std::uint64_t read_id = 0;   // of the read of its position that is on the way, 0: none
    bool is_read_stale = false;  // it was asked for before Redis confirmed the subscription again
    std::uint64_t renewed_ms;    // its numbering's time to live; reading its position did it first
  };

  Followed* find(std::string_view channel) const;
  void on_subscribed(Followed& followed);
  void read_position(Followed& followed);
  void on_position(const std::string& channel, std::uint64_t read_id,
                   const Expected<History, ErrorCode>& history);
  void read_followed(const HistoryRequest& request, bool is_repeated,
                     Broker::Callback<History> done);

  RedisContext& context_;
  RedisCommands& commands_;
  RedisSubscriber& subscriber_;
  std::unordered_map<std::string, std::unique_ptr<Followed>, StringHash, std::equal_to<>> channels_;
  IntrusiveList<Followed, ByRenewalTag> by_renewal_;  // all of them; the one to renew next first
  // Until the end of the turn: one may be in the middle of a delivery that has unsubscribed it.
  std::vector<std::unique_ptr<Followed>> closed_;
  std::uint64_t last_read_id_ = 0;
  mutable TurnSlice checked_;
};

}  // namespace chirm
