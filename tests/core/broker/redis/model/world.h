// SPDX-License-Identifier: MIT
#pragma once
// A state of the whole system: what the store has, what two nodes and two clients know, and what
// has been promised to whom. Values only; what changes them is in life_mirror.h, log_mirror.h and
// events.h.

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "core/broker/position.h"
#include "tests/core/broker/redis/model/stepped_store.h"

namespace chirm::model {

inline constexpr std::size_t kNodes = 2;
inline constexpr std::size_t kClients = 2;
inline constexpr std::size_t kNowhere = 9;  // a client that is at no node

// A publication's body is its number: m1, m2 …
using Body = std::uint8_t;

struct Message {  // of Pub/Sub
  std::string epoch;
  std::uint64_t offset = 0;
  Body body = 0;
};

// What a node holds of the channel (ChannelLog).
struct Tail {
  LogTop top;
  std::vector<Body> bodies;  // the last of them is at top.offset

  std::uint64_t first() const { return top.offset + 1 - bodies.size(); }
  bool covers(std::uint64_t offset) const { return offset + 1 >= first() && offset <= top.offset; }
  Body at(std::uint64_t offset) const {  // 0: not here
    return offset < first() || offset > top.offset ? Body{0} : bodies[offset - first()];
  }
};

enum class Phase : std::uint8_t {
  kAway,         // no connection to the store
  kArrived,      // has to compare its channel
  kPuttingBack,  // has something that the store lacks, and a try to come
  kSettling,     // asks whether all are done
  kOpen,         // publishes and reads
};

// Many members, as it has what five classes remember.
struct Node {
  bool is_alive = false;
  std::string name = {};

  // RedisLife
  Phase phase = Phase::kAway;
  std::string life_id = {};             // of the life that this node has taken part in; "" none
  std::uint64_t open_number = 0;        // … and its number
  std::uint64_t number = 0;             // of the newest life that it has heard of
  std::uint64_t first_true = 0;         // RedisContext::first_true_life
  std::uint64_t open_first_true = 0;    // … when it was open last
  std::uint64_t lease = 0;              // 0 none
  std::vector<std::string> nodes = {};  // that had a lease then
  std::string arrival_id = {};          // of the life that it arrives in
  bool is_return = false;
  bool can_retry = false;     // all other nodes have compared
  bool is_lease_due = false;  // open() renews it at once

  // RedisTails
  bool has_gap = false;
  bool has_unfit = false;
  bool is_last = false;
  std::uint64_t gap_since = 0;

  // RedisPositions: of its own publishes and of what it put back; "" none, or its tail says more
  Position noted = {};

  // Hub and RedisSubscription
  bool is_following = false;  // live, and so it has a tail
  bool must_compare = false;  // a read of what is missing is due, or under way
  Tail tail = {};

  bool is_subscribed = false;  // its Pub/Sub connection is there, or nobody has noticed its end
  std::vector<Message> inbox = {};
};

// It keeps its position when it is away, and comes back with it.
struct Client {
  std::size_t node = kNowhere;
  bool has_position = false;
  std::string epoch = {};
  std::uint64_t floor = 0;      // it was told that it has missed what there is up to here
  std::vector<Body> seen = {};  // behind floor
  std::uint64_t offset() const { return floor + seen.size(); }
};

// A place in a log that somebody was told of: a client that got it, or whose publish was answered.
struct Claim {
  std::string epoch;
  std::uint64_t offset;
  Body body;
};

// What has become of a publication.
struct Promise {
  bool is_acked = false;
  // The nodes that held it when the store came back last, one bit each. They owe it to the store,
  // all of them have come since or may still come in time.
  std::uint8_t owed = 0;
};

// What may still happen. Each event takes one of its kind, so that there are finitely many states.
struct Budget {
  std::uint8_t publishes = 0;
  std::uint8_t store_faults = 0;  // the store stops, and comes back empty, older, or whole
  std::uint8_t copies = 0;        // a copy of it is made
  std::uint8_t node_faults = 0;   // a node is killed
  std::uint8_t fresh_nodes = 0;   // another is started in its place
  std::uint8_t link_faults = 0;   // a node loses its connections
  std::uint8_t lost_answers = 0;  // … after the store has done what was asked, unheard
  std::uint8_t renewals = 0;      // of leases, beside those that are due
  std::uint8_t departures = 0;    // of clients
};

enum class Invariant : std::uint8_t {
  kNone,
  kNoFork,          // one message at each (epoch, offset), for everybody
  kRecoveredRight,  // who is told recovered: true has seen a beginning of the log that it joins
  kPutBackOrTold,   // an acked message is in the log, or all who had it were told
  kPutBack,         // … and it is in the log when all nodes that held it came back in time
  kOffsetsGrow,     // within an epoch
  kSettles,         // when nothing fails any more, all is well again after a while
};

struct World {
  SteppedStore::Content store = SteppedStore::kEmpty;
  SteppedStore::Content copy = SteppedStore::kEmpty;
  bool has_copy = false;
  std::uint32_t run = 1;     // number of the process that the store is
  std::uint64_t time_s = 1;  // of its clock: so many leases were written
  std::uint32_t epochs = 0;  // names that were given
  std::uint32_t names = 0;   // of nodes
  Body bodies = 0;           // that were published, or tried to be
  std::array<Node, kNodes> nodes = {};
  std::array<Client, kClients> clients = {};
  std::vector<Claim> claims = {};
  std::vector<Promise> promises = {};  // by body - 1
  Budget left = {};

  // What went wrong first, if anything did, of what is looked for. Not a part of the state.
  Invariant broken = Invariant::kNone;
  std::string how = {};
  std::uint32_t ignored = 0;  // invariants, one bit each

  void fail(Invariant invariant, std::string text) {
    const bool is_ignored = (ignored >> static_cast<unsigned>(invariant) & 1U) != 0;
    if (broken != Invariant::kNone || is_ignored) return;
    broken = invariant;
    how = std::move(text);
  }
};

struct Fingerprint {
  std::uint64_t high = 0;
  std::uint64_t low = 0;
  bool operator==(const Fingerprint&) const = default;
};
struct FingerprintHash {
  std::size_t operator()(const Fingerprint& one) const { return one.low; }
};

// Equal for equal states. Two different ones have the same with a chance of 2^-128 a pair.
Fingerprint fingerprint(const World& world);

const char* name_of(Invariant invariant);
std::string text_of(const Position& position);
std::string text_of(Body body);
Body body_of(const std::string& text);

}  // namespace chirm::model
