// SPDX-License-Identifier: MIT
#pragma once
// The broker: where channels' logs are kept and ordered, and what connects the nodes. Everything
// above knows only this interface; bin/chirmd picks MemoryBroker, SqliteBroker or RedisBroker. All
// calls are on the loop's thread, and no call calls back before it has returned.
//
// A log numbers its publications 1, 2, 3 … (offset) within an epoch, a random name for one life of
// the numbering.

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/broker/broker_counters.h"
#include "core/broker/broker_health.h"
#include "core/broker/document_store.h"
#include "core/broker/node_bus.h"
#include "core/broker/position.h"
#include "protocol/codes.h"
#include "protocol/expected.h"

namespace chirm {

// One entry of a log. The body is a publication's JSON members without the offset
// (append_publication_body).
struct Publication {
  std::uint64_t offset = 0;
  std::string body;
};

struct PublishRequest {
  std::string_view channel;
  std::string_view body;  // not empty
  // Idempotency: a second request of the same channel, user and non-empty message id within the
  // configured time is answered like the first and stores nothing.
  std::string_view user;
  std::string_view message_id;
  // The body does not say them: a store that keeps them for long has to do so beside it.
  bool is_id_apart = false;
};

struct HistoryRequest {
  std::string_view channel;
  std::uint64_t since = 0;  // exclusive
  std::uint32_t limit = 0;  // at most this many; 0: position only
  bool reverse = false;     // newest first, offsets below `since` (or from the top when it is 0)
  std::size_t bytes_max = SIZE_MAX;  // none is added to bodies that have so many bytes together
};

struct History {
  LogTop top;  // read in one step with the publications
  std::vector<Publication> publications;
  std::uint64_t rewrites = 0;  // how often something in the channel was rewritten; for the broker
  // Publications whose bodies do not say what they are known by, and that; for the broker.
  std::vector<std::pair<std::uint64_t, std::string>> keys = {};
  std::vector<std::uint64_t> rewritten = {};  // offsets of those that were; for the broker
};

struct RewriteRequest {
  std::string_view channel;
  std::uint64_t offset;
  std::string_view epoch;     // that the offset is of; "": the present one
  std::string_view expected;  // the body that is to be replaced; "": whatever it is
  std::string_view body;
};
enum class Rewritten : std::uint8_t {
  kDone,
  kGone,     // the log has no publication there, or not any more
  kChanged,  // its body is another one than expected
};

// Chat messages that have all the words of the query, without regard to case and accents; a word of
// the query may be the beginning of one.
struct SearchRequest {
  static constexpr std::uint32_t kLimitMax = 100;

  std::string_view channel;
  std::string_view query;    // kBadRequest when there is no word in it
  std::uint64_t before = 0;  // only offsets below this; 0: all
  std::uint32_t limit = 20;  // 1 to kLimitMax
};
struct SearchResult {
  std::vector<Publication> publications;  // newest first
  // Where to go on, as `before`, also when nothing was found as yet; 0: that was all.
  std::uint64_t next = 0;
};

// The node's side: gets what happens in the channels that it has subscribed to.
class BrokerListener {
 public:
  // Every publication of a subscribed channel, in order of arrival: usually by offset, but
  // duplicates and holes happen (a message of the bus was repeated or lost).
  virtual void on_publication(std::string_view channel, std::uint64_t offset,
                              std::string_view epoch, std::string_view body) = 0;
  // A signal (Broker::signal()) of a subscribed channel.
  virtual void on_signal(std::string_view channel, std::string_view body) = 0;
  // The publication at this offset was rewritten, and has this body now. When the body is "", it is
  // not known which one it was: something at this offset or before it. What the listener holds is
  // then out of date up to there. It must not be given to anybody any more.
  virtual void on_rewritten(std::string_view channel, std::uint64_t offset,
                            std::string_view body) = 0;
  // Publications may have been missed in this channel (the link was down): compare with history.
  virtual void on_maybe_missed(std::string_view channel) = 0;
  // The newest position this node has seen in the channel; epoch "" when none. A publish carries
  // it, so that a store which lost its tail cannot give an offset a second time.
  virtual Position known_position(std::string_view channel) = 0;
  // What this node holds of the channel's publications behind `since`, oldest first and one after
  // the other; the first may be newer than since + 1. Bodies of about `bytes_max` bytes together,
  // and at least one publication when there is any. A store that lost them gets them back.
  virtual std::vector<Publication> tail(std::string_view channel, std::uint64_t since,
                                        std::size_t bytes_max) = 0;

 protected:
  ~BrokerListener() = default;
};

class Broker {
 public:
  template <class T>
  using Callback = std::function<void(Expected<T, ErrorCode>)>;

  virtual ~Broker() = default;

  // The listener must outlive the broker's last callback. Call once, before anything else.
  virtual void set_listener(BrokerListener& listener) = 0;

  // Success means stored under the durability that the operator chose. Errors: kInternal
  // (temporary) when the store is away for longer than publishes are held, or too many wait;
  // kStoreFull, long before there is really no room.
  virtual void publish(const PublishRequest& request, Callback<Position> done) = 0;

  // Delivers a body to all who follow the channel now, on all nodes, as far as the links hold. It
  // gets no offset and is not stored.
  virtual void signal(std::string_view channel, std::string_view body) = 0;

  // Replaces the body of a publication in the log. Its offset and message id stay. Once `done` is
  // told that it is done, no history has the old body any more. Errors as of publish().
  virtual void rewrite(const RewriteRequest& request, Callback<Rewritten> done) = 0;

  // The node did not run for a while (Loop::watch_pauses()). What was asked before may have been
  // asked again since, through another node, and is not done any more: publishes, rewrites and
  // changes of documents that wait for the store fail with kInternal. So may those that are done.
  virtual void refuse_waiting() = 0;

  // Starts delivery of a channel's publications. From the moment that `done` is told success,
  // every publication with an offset above the given top reaches the listener, or
  // on_maybe_missed() does. While the store is away or has no room, this waits for it. The channel
  // must not be subscribed already.
  virtual void subscribe(std::string_view channel, Callback<LogTop> done) = 0;
  virtual void unsubscribe(std::string_view channel) = 0;

  virtual void history(const HistoryRequest& request, Callback<History> done) = 0;

  virtual void search(const SearchRequest& request, Callback<SearchResult> done) = 0;

  // Documents that all nodes share, and messages between nodes. They live as long as the broker.
  virtual DocumentStore& documents() = 0;
  virtual NodeBus& nodes() = 0;

  // What a turn has queued goes out, and in builds that check, the broker looks at what its parts
  // promise of themselves. Called once at the end of each turn, before the fan-out.
  virtual void flush() = 0;

  virtual Health health() const = 0;
  // The health of each store behind this broker: one, or several shards.
  virtual std::vector<StoreHealth> stores() const = 0;

  virtual const BrokerCounters& counters() const = 0;
};

}  // namespace chirm
