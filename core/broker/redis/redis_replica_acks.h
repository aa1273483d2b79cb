// SPDX-License-Identifier: MIT
#pragma once
// Says when what Redis has stored is on so many of its replicas, too: what `--ack-replicas` makes
// acks wait for. Private to core/broker; loop's thread.
//
// It has a connection of its own, because WAIT keeps a connection from everything else; its
// question covers all that the server had done before it. So the answers of the command link come
// first, then one WAIT for all of them, and those that come meanwhile are the next round:
//
//   waiting_:  asked for   not yet
//             0        asked_     size
//
// Only the server that has stored it can tell. Both connections ask for the server's run id, and no
// round begins while these differ: a link that is at another server than the command link is made
// again.

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <string>

#include "core/broker/redis/link/redis_link.h"
#include "core/broker/redis/redis_commands.h"
#include "core/broker/redis/redis_context.h"
#include "core/loop/timer.h"

namespace chirm {

class RedisReplicaAcks final : private RedisLink::Owner {
 public:
  using Done = std::function<void(bool is_replicated)>;

  // 0 replicas: is_on() is false, and nothing else may be called but start(), flush() and check().
  RedisReplicaAcks(RedisContext& context, RedisCommands& commands, const RedisUrl& url,
                   const std::string& node_name, const RedisLinkSettings& link_settings,
                   std::uint32_t replicas);
  ~RedisReplicaAcks();

  void start();  // once
  bool is_on() const { return replicas_ != 0; }
  // Redis has answered on the command link that something is stored, which was asked for at
  // `submitted_ms`. `done` is called once, never from within: with true when the replicas have it;
  // with false hold_ms after `submitted_ms`, or when another server answers in the meantime.
  void confirm(std::uint64_t submitted_ms, Done done);
  // At the end of each turn, before the commands are flushed.
  void flush();
  // What the members promise of each other; at the end of a turn.
  void check() const;

 private:
  struct Waiting {
    std::uint64_t submitted_ms;
    Done done;  // empty: has failed already; its place is kept for the round that is under way
  };

  void on_link_up() override;
  void on_link_down() override;
  void on_push(const RedisReply&) override {}

  void ask_server();
  void on_server(const RedisReply& reply);
  // Both are known: makes the link again unless they are the same.
  void compare_servers();
  bool can_ask() const { return !server_.empty() && link_server_ == server_; }
  void ask();
  void on_waited(const RedisReply& reply);
  void expire();
  // Takes those that `is_over` out, and tells them.
  void fail_if(const std::function<bool(const Waiting& one)>& is_over);

  RedisContext& context_;
  RedisCommands& commands_;
  const std::uint32_t replicas_;
  const std::unique_ptr<RedisLink> link_;  // null: 0 replicas
  std::uint64_t connection_ = 0;  // of the command link, whose server was asked for; 0 none
  std::string server_;            // the run id there, or at the connection before; "" not known
  std::string link_server_;       // … and at link_; "" while that is not known
  std::deque<Waiting> waiting_;
  std::size_t asked_ = 0;
  bool is_lacking_ = false;  // as was logged
  Timer expiry_timer_;
};

}  // namespace chirm
