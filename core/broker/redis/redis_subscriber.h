// SPDX-License-Identifier: MIT
#pragma once
// The Pub/Sub link: keeps the topics that are wanted subscribed, also over lost connections. A
// topic is what Redis calls a channel; each of ours has one. Private to core/broker; loop's thread.

#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "core/base/string_hash.h"
#include "core/base/turn_slice.h"
#include "core/broker/broker_counters.h"
#include "core/broker/redis/link/redis_command.h"
#include "core/broker/redis/link/redis_link.h"

namespace chirm {

// Who receives what a topic brings. Either call may remove or add topics, also this one.
class RedisTopic {
 public:
  // From now on every message arrives, until the link is lost. Called again after each loss.
  virtual void on_subscribed() = 0;
  virtual void on_message(std::string_view payload) = 0;

 protected:
  ~RedisTopic() = default;
};

class RedisSubscriber final : private RedisLink::Owner {
 public:
  // `control_topics` stay subscribed for ever: at least one must, see RedisLink.
  struct ControlTopic {
    std::string name;
    RedisTopic& topic;
  };
  RedisSubscriber(Loop& loop, const RedisUrl& url, const std::string& node_name,
                  const RedisLinkSettings& settings, BrokerCounters& counters,
                  std::vector<ControlTopic> control_topics);

  void start() { link_.start(); }

  // The name must not be subscribed already. The topic must outlive its subscription, which ends
  // with remove().
  void add(std::string_view name, RedisTopic& topic);
  void remove(std::string_view name);
  void flush();
  void reconnect(const std::string& reason) { link_.drop(reason); }
  // Called regularly; notices a server that does not confirm for some calls.
  void check_confirmations();

  // How many messages and confirmations have come.
  std::uint64_t pushes() const { return pushes_; }
  // True while the control topics are subscribed.
  bool is_ready() const { return controls_missing_ == 0; }
  std::string problem() const { return link_.problem(); }  // while it is not ready

  // Looks at some of the topics, at others the next time; at the end of a turn.
  void check() const;

 private:
  // Kept until every SUBSCRIBE that was sent is confirmed: a confirmation says only that *one* of
  // them was done, and there may have been an UNSUBSCRIBE behind it.
  struct Entry {
    RedisTopic* topic = nullptr;  // null: not wanted
    std::uint32_t unconfirmed = 0;
    bool was_subscribed = false;
    bool is_control = false;
  };
  struct Change {
    std::string name;
    bool subscribe;
  };

  void on_link_up() override;
  void on_link_down() override;
  void on_push(const RedisReply& push) override;
  void on_message(std::string_view name, std::string_view payload);
  void on_confirmed(std::string_view name);
  std::size_t changes_for_next_command() const;
  void count_change(const Change& change);

  // Redis handles a command in one go; this many cost it and us about 1.2 ms (10,000 channels,
  // 512 a command: 23.5 ms, measured with Redis 7.0.15).
  static constexpr std::size_t kPerCommand = 512;
  static constexpr std::size_t kUnconfirmedMax = 8 * kPerCommand;

  BrokerCounters& counters_;
  RedisLink link_;
  std::unordered_map<std::string, Entry, StringHash, std::equal_to<>> entries_;
  std::deque<Change> changes_;  // not sent; emptied when the link is lost
  RedisCommand command_;
  std::vector<std::string> control_names_;
  std::size_t controls_missing_;
  std::size_t unconfirmed_ = 0;  // the sum over all entries
  std::uint64_t pushes_ = 0;
  std::uint64_t checks_without_confirmation_ = 0;
  mutable TurnSlice checked_;
};

}  // namespace chirm
