// SPDX-License-Identifier: MIT
#pragma once
// Publishing. What is published in a channel waits in the channel's lane; a lane has at most one
// call of the publish script on the way, which carries all that waited when it was sent. So within
// a channel nothing overtakes, whatever is refused, lost or repeated; and the busier a channel is,
// the less a publication costs. Private to core/broker; loop's thread.
//
//   lane:  sent, not answered   waiting
//         0                    sent      size

#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "core/base/string_hash.h"
#include "core/base/turn_slice.h"
#include "core/broker/broker.h"
#include "core/broker/redis/redis_commands.h"
#include "core/broker/redis/redis_context.h"
#include "core/broker/redis/redis_replica_acks.h"
#include "core/loop/timer.h"

namespace chirm {

class RedisPublisher {
 public:
  using Done = Broker::Callback<Position>;

  // What was stored is noted in the context's positions. All must outlive the publisher.
  RedisPublisher(RedisContext& context, RedisCommands& commands, RedisReplicaAcks& replica_acks);
  ~RedisPublisher();

  void publish(const PublishRequest& request, Done done);
  // All that was not answered yet fails.
  void refuse_waiting() { expire(UINT64_MAX); }

  // Looks at some of the lanes, at others the next time; at the end of a turn.
  void check() const;

 private:
  class Batch;
  struct Message {
    std::string text;  // user, message id, body
    std::size_t user_bytes;
    std::size_t id_bytes;
    bool is_id_apart;
    std::uint64_t submitted_ms;
    Done done;  // empty: has failed already; its place is kept for the answer that will come

    std::string_view user() const { return view(0, user_bytes); }
    std::string_view id() const { return view(user_bytes, id_bytes); }
    std::string_view body() const { return view(user_bytes + id_bytes, text.npos); }

   private:
    std::string_view view(std::size_t from, std::size_t size) const {
      return std::string_view(text).substr(from, size);
    }
  };
  struct Lane {
    explicit Lane(std::string_view name) : channel(name) {}

    const std::string channel;
    std::deque<Message> messages;
    std::size_t sent = 0;          // of the messages, so many are in the call that is on the way
    std::string known_epoch = {};  // as what was sent said
  };
  using Lanes =
      std::unordered_map<std::string_view, std::unique_ptr<Lane>>;  // the key is Lane::channel

  bool has_id(const Message& message) const;
  void write(Lane& lane, RedisCommand& command, const RedisScriptNames& scripts);
  void on_reply(Lane& lane, const RedisReply& reply);
  void answer_next(Lane& lane, const std::optional<Position>& position);
  void on_lost(Lane& lane);
  void fail_sent(Lane& lane);
  void finish(Lane& lane);
  void expire(std::uint64_t now_ms);
  // When the first fails, all that came after it do: sent again, they keep their order.
  void expire(Lane& lane, std::uint64_t now_ms, std::vector<Done>& expired);
  static void drop_failed(Lane& lane);
  static void check(const Lane& lane);
  Done take(Message& message);
  void succeed(const Done& done, const Position& position);
  void fail(const Done& done);

  // One call. A long one would keep Redis from serving others: 128 take about half a millisecond.
  static constexpr std::size_t kBatchMax = 128;
  static constexpr std::size_t kBatchBytesMax = 256 * 1024;

  RedisContext& context_;
  RedisCommands& commands_;
  RedisReplicaAcks& replica_acks_;
  Lanes lanes_;
  Timer expiry_timer_;
  mutable TurnSlice checked_;
};

}  // namespace chirm
