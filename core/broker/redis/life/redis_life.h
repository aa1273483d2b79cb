// SPDX-License-Identifier: MIT
#pragma once
// Finds out whether a Redis is still the one that this node knew, and if not, sees to it that what
// it lost is put back, or that nobody is told a wrong thing. Private to core/broker.
//
// On each connection: ask who it is → arrive (redis_life_scripts.h) → if it is another one, give it
// back its tails → wait until the other nodes have done so, or for return_ms → open the gate. All
// that was asked meanwhile is held.

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

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
  // What INFO and CONFIG say about the Redis of this connection.
  struct Server {
    std::string version;
    std::string run_id;
    std::string info_error;
    std::string replication_id;
    bool was_promoted = false;
    bool has_log = false;  // appendonly yes …
    bool is_safe = false;  // … and appendfsync always

    // The scripts use SET with NX and GET. An unknown version is given a try.
    bool is_too_old() const;
    // Replication ids also change when nothing happens: an idle backlog is freed.
    std::string promotion() const { return was_promoted ? replication_id : std::string(); }
    bool may_have_lost() const { return was_promoted || !has_log || !is_safe; }
  };

  void on_info(const RedisReply& reply);
  void on_fsync(const RedisReply& reply);
  void arrive();
  void on_arrived(const RedisReply& reply);
  void on_tails_done(const RedisTails::Result& result);
  void on_waiting(std::int64_t not_compared, std::int64_t partial);
  void retry_tails(bool is_last);
  void settle();
  void on_settled(const RedisReply& reply);
  void count_return(std::int64_t state);
  void log_return(std::int64_t state, std::string_view missing) const;
  void open();
  void on_timer();
  void renew_lease();
  void on_lease(const RedisReply& reply);

  RedisContext& context_;
  RedisCommands& commands_;
  RedisTails& tails_;
  const RedisNodeSettings settings_;
  const std::string node_;
  const std::string life_key_;
  const std::string nodes_key_;
  const std::function<std::vector<std::string>()> channels_;

  Server server_;
  std::string id_;                  // of the life that this node has taken part in; "" none
  std::uint64_t open_number_ = 0;   // … and its n
  std::string arriving_id_;         // … that it arrives in
  std::uint64_t number_ = 0;        // n of the script
  std::uint64_t lease_ = 0;         // the last one, 0 none
  std::vector<std::string> nodes_;  // that had one then
  bool is_return_ = false;          // the Redis of this connection is not the one of id_
  RedisTails::Result result_;
  std::uint32_t tries_ = 0;  // of what did not fit, in vain
  bool can_retry_ = false;   // all other nodes have compared
  bool has_warned_ = false;
  Timer timer_;  // open: the next lease. Before: asks again whether all is settled
};

}  // namespace chirm
