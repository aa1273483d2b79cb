// SPDX-License-Identifier: MIT
#pragma once
// Who is in a channel, asked of all nodes over the bus; nothing is stored. Private to core/broker.
//
//   asker → every node:  question {id, asker's topic, channel}
//   node  → asker:       answer {id, is it the last piece, clients}

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "core/broker/broker.h"
#include "core/broker/redis_commands.h"
#include "core/broker/redis_context.h"
#include "core/broker/redis_subscriber.h"
#include "core/loop/timer.h"

namespace chirm {

class RedisPresence final : public RedisTopic {
 public:
  using Done = Broker::Callback<std::vector<PresentClient>>;

  // Questions go to `all_topic`, which every node has subscribed to; answers to this node come to
  // `own_topic`.
  RedisPresence(RedisContext& context, RedisCommands& commands, std::string all_topic,
                std::string own_topic);

  void ask(std::string_view channel, Done done);

  void on_subscribed() override {}
  // What came on either topic. What is neither question nor answer is ignored.
  void on_message(std::string_view message) override;

 private:
  struct Pending {
    std::vector<PresentClient> clients;
    std::int64_t nodes_missing =
        0;                  // answers outstanding; less than 0 while their number is unknown
    bool is_asked = false;  // Redis has told how many nodes got the question
    std::uint64_t deadline_ms = 0;
    Done done;
  };
  using PendingMap = std::unordered_map<std::uint64_t, Pending>;

  void on_asked(std::uint64_t id, const RedisReply& receivers);
  void on_question(std::string_view rest);
  void on_answer(std::string_view rest);
  void finish(PendingMap::iterator pending);
  void on_deadline();
  void send_answer(std::string_view topic, const std::string& payload);

  // Beyond this many, further ones fail: each may hold a whole channel's clients.
  static constexpr std::size_t kPendingMax = 1000;
  static constexpr std::uint64_t kDeadlineMs = 1000;
  // An answer is cut into pieces of about this size, so that it does not block the bus.
  static constexpr std::size_t kPieceBytes = 512 * 1024;

  RedisContext& context_;
  RedisCommands& commands_;
  const std::string all_topic_;
  const std::string own_topic_;
  PendingMap pending_;
  std::uint64_t next_id_;  // starts at random: an earlier life of this node may get answers, too
  Timer timer_;            // runs while pending_ is not empty
};

}  // namespace chirm
