// SPDX-License-Identifier: MIT
#pragma once
// Gives a Redis that has lost publications back what this node holds of them: compares each channel
// that the node follows, and puts the missing end of its log in place. It does so in pieces, so
// that neither Redis nor the loop is kept busy for long. Private to core/broker; loop's thread.
//
//   channels ──compare──▶ nothing is missing
//                    ├──▶ gaps ──put back, piece by piece──▶ restored
//                    └──▶ unfit: tried again when other nodes have put back what they hold
//
// At last, what was rewritten in the channels: edits and deletions are part of what a store may
// have lost, also where it has the publication itself.

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "core/broker/broker.h"
#include "core/broker/redis/link/redis_command.h"
#include "core/broker/redis/redis_commands.h"
#include "core/broker/redis/redis_context.h"
#include "core/broker/redis/redis_subscription.h"
#include "protocol/publication_key.h"

namespace chirm {

class RedisTails {
 public:
  struct Result {
    std::uint64_t compared = 0;       // channels
    std::uint64_t put_back = 0;       // publications
    std::uint64_t restored = 0;       // … in so many channels
    std::uint64_t diverged = 0;       // channels that have another content, and so a new epoch
    std::uint64_t uncovered = 0;      // channels whose gap is larger than what this node holds
    std::uint64_t failed = 0;         // channels for which Redis answered an error
    std::uint64_t rewritten = 0;      // rewrites put back
    std::uint64_t rewrites_gone = 0;  // that the store has lost, and this node does not hold
  };
  using Done = std::function<void(const Result& result)>;

  // The channels that have changed are noted in the context's positions, so that the digest tells
  // the other nodes of them.
  // `subscription` finds that of a channel; null when there is none.
  using Find = std::function<const RedisSubscription*(std::string_view channel)>;
  RedisTails(RedisContext& context, RedisCommands& commands, Find subscription);

  // The one that the store is in.
  struct Life {
    std::uint64_t number = 0;
    std::uint64_t first_true = 0;  // see RedisContext
    // No life was settled without this node since its last one: others may have had more then, of
    // which it never heard.
    bool is_known = false;
  };

  // `done` is called once, but not after stop(); an error that concerns all channels drops the
  // connection instead.
  void start(std::vector<std::string> channels, const Life& life, Done done);
  // Tries again what did not fit: it may, once other nodes have put back what they hold. `is_last`:
  // what does not fit now is given up. The result is that of all tries.
  // The life may have been settled under another number meanwhile.
  void retry(bool is_last, const Life& life, Done done);
  bool has_unfit() const { return !unfit_.empty() || !unfit_rewritten_.empty(); }
  void stop();

  // What the members promise of each other; at the end of a turn.
  void check() const;

 private:
  struct Known {
    std::string channel;
    Position position;
    Publication newest = {};  // the last one that was not rewritten; offset 0: none is held
    std::string new_epoch;    // should it be needed
    std::uint64_t first = 0;  // that this node holds
  };
  struct Gap {
    std::string channel;
    std::uint64_t since;         // the store has what is up to here
    std::string new_epoch = {};  // should it be needed
    bool is_restored = false;    // something was put back already
  };

  // Of one publication.
  struct Id {
    std::string key;        // message_key(); "": nothing
    bool is_apart = false;  // the body does not say it
    bool is_rewritten = false;
  };

  void pump();
  void compare();
  void add_newest(Known& known) const;
  void on_compared(const std::vector<Known>& batch, const RedisReply& reply);
  void put_back(Gap gap);
  void write_piece(const Gap& gap, const Position& known,
                   const std::vector<Publication>& publications);
  std::vector<Id> ids_of(std::string_view channel, const std::vector<Publication>& publications);
  void on_put_back(Gap gap, const RedisReply& reply);
  void on_put_back_error(Gap gap, std::string_view error);
  void start_over(const std::string& channel, const std::string& new_epoch);
  const RedisRewrites* rewrites_of(std::string_view channel) const;
  void put_back_rewrites();
  void on_rewrites_put_back(const std::string& channel, const RedisReply& reply);

  // One call: half a millisecond of Redis' time, as for the publisher.
  static constexpr std::size_t kChannelsMax = 256;
  static constexpr std::size_t kPieceBytes = 256 * 1024;
  static constexpr std::size_t kPiecePublications = 128;
  // Rewritten publications in a row that are passed over.
  static constexpr int kLooksMax = 16;
  // Calls on the way, 2 MB at most.
  static constexpr std::size_t kInFlightMax = 8;

  RedisContext& context_;
  RedisCommands& commands_;
  PublicationKeyDecoder keys_;
  RedisCommand command_;
  const Find subscription_;

  std::vector<std::string> channels_;  // not compared yet
  std::deque<Gap> gaps_;
  std::deque<Gap> unfit_;
  std::vector<std::string> rewritten_;  // channels whose rewrites are to be put back
  std::vector<std::string> unfit_rewritten_;
  bool is_last_ = false;
  Life life_;
  std::size_t in_flight_ = 0;
  Result result_;
  Done done_;  // empty: nothing is under way
};

}  // namespace chirm
