// SPDX-License-Identifier: MIT
#pragma once
// Finds out whether a Redis is still the one that this node knew, and if not, sees to it that what
// it lost is put back, or that nobody is told a wrong thing. Private to core/broker; loop's thread.
//
// A *life* of a Redis lasts as long as it certainly keeps what it was given: until it is restarted,
// or another server takes its place. On each connection: ask who it is → arrive in its life
// (redis_life_scripts.h) → if that is another one than before, put back what it may have lost →
// wait until the other nodes have done so, or for return_ms → open the gate. All that was asked
// meanwhile is held.
//
// A node's *lease* is a number in Redis that says that the node is there. It is renewed each
// second, by the next number, and so it is also a mark: where a lease is missing, what was written
// behind it is, too.
//
// Nineteen members, as it has to know both lives, the old one and the one that it arrives in.

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "core/broker/redis/life/redis_server_info.h"
#include "core/broker/redis/life/redis_tails.h"
#include "core/broker/redis/redis_commands.h"
#include "core/broker/redis/redis_context.h"
#include "core/broker/redis/redis_node_settings.h"
#include "core/loop/timer.h"

namespace chirm {

class RedisLife final : public RedisArrival {
 public:
  // `node` is a name that no other process has ever had. `channels` says of which
  // channels this node knows a position.
  RedisLife(RedisContext& context, RedisCommands& commands, RedisTails& tails,
            const RedisNodeSettings& settings, std::string node,
            std::function<std::vector<std::string>()> channels);

  // Gives the lease up, as far as that is possible at once: nobody needs to wait for this node.
  void leave();

  void on_connected() override;
  void on_disconnected() override;

 private:
  // The one that is under way, or was the last: from the first question on a connection to open().
  struct Arrival {
    RedisServerInfo server = {};
    std::string info_error = {};  // why INFO was refused
    std::string id = {};          // of the life that this node arrives in
    bool is_return = false;       // the Redis of this connection is not the one of life_id_
    std::uint64_t began_ms = 0;   // when this node arrived in that life
    RedisTails::Result result = {};
    std::int64_t tries = 0;  // of what did not fit, in vain
    bool can_retry = false;  // all other nodes have compared
  };

  void on_info(const RedisReply& reply, bool is_last);
  void go_on();
  void arrive();
  bool is_lease_stale() const;
  RedisTails::Life life() const;
  void on_arrived(const RedisReply& reply);
  void on_tails_done(const RedisTails::Result& result);
  void on_waiting(std::int64_t not_compared, std::int64_t others_tries);
  void retry_tails(bool is_last);
  void settle();
  void on_settled(const RedisReply& reply);
  void count_return(std::int64_t state);
  void log_return(std::int64_t state, std::string_view missing) const;
  void open();
  void on_timer();
  void renew_lease(std::uint64_t since_last_ms);
  void on_lease(const RedisReply& reply);

  RedisContext& context_;
  RedisCommands& commands_;
  RedisTails& tails_;
  const RedisNodeSettings settings_;
  const std::string node_;
  const std::string life_key_;
  const std::string nodes_key_;
  const std::function<std::vector<std::string>()> channels_;

  Arrival arrival_;
  std::string life_id_;            // of the life that this node has taken part in; "" none
  std::uint64_t open_number_ = 0;  // … and its number
  std::uint64_t open_first_true_ = 0;
  std::uint64_t number_ = 0;        // of the newest life that this node has heard of
  std::uint64_t lease_ = 0;         // the last one; 0: none
  std::uint64_t leased_ms_ = 0;     // when that was, by the loop's time
  std::uint64_t renewed_ms_ = 0;    // when it was last asked for another one
  std::vector<std::string> nodes_;  // that had a lease then
  bool has_warned_ = false;
  Timer timer_;  // open: the next lease. Before: asks again whether all is settled
};

}  // namespace chirm
