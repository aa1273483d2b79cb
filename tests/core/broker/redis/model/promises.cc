// SPDX-License-Identifier: MIT
#include "tests/core/broker/redis/model/promises.h"

#include <algorithm>
#include <string>
#include <tuple>

namespace chirm::model {

namespace {

bool is_before(const Claim& one, const Claim& other) {
  return std::tie(one.epoch, one.offset) < std::tie(other.epoch, other.offset);
}

std::string who(std::size_t client) { return "client " + std::to_string(client + 1); }

// The message that was last stored under this number; the store's keys are no log of what was.
Body stored_at(const StoreView& store, std::uint64_t offset) {
  const auto found = store.entries.find(offset);
  return found == store.entries.end() ? Body{0} : body_of(found->second);
}

// What is in front of all that a log has is as if retention had taken it: nothing can be put there,
// so it is lost when its holders come too late. Whoever stands behind it has missed nothing. So it
// is when those who came in time only knew how far the log had got.
bool is_trimmed(const StoreView& store, std::uint64_t offset) {
  if (store.entries.empty()) return offset <= store.top;
  return offset < store.entries.begin()->first;
}

bool is_in(const StoreView& store, Body body) {
  return std::ranges::any_of(store.entries,
                             [&](const auto& entry) { return entry.second == text_of(body); });
}

}  // namespace

// ---- Messages at their places

void claim(World& world, const Position& position, Body body) {
  const Claim one{position.epoch, position.offset, body};
  const auto at = std::ranges::lower_bound(world.claims, one, is_before);
  if (at == world.claims.end() || is_before(one, *at)) {
    world.claims.insert(at, one);
  } else if (at->body != body) {
    world.fail(Invariant::kNoFork, "at " + text_of(position) + " one was told of " +
                                       text_of(at->body) + ", another of " + text_of(body));
  }
}

void deliver(Turn& turn, std::size_t client, const Position& position, Body body) {
  Client& one = turn.world.clients[client];
  if (position.offset != one.offset() + 1) {
    turn.world.fail(Invariant::kOffsetsGrow, who(client) + " gets " + text_of(position) +
                                                 " behind " +
                                                 text_of(Position{one.offset(), one.epoch}));
  }
  one.seen.push_back(body);
  claim(turn.world, position, body);
}

void check_is_new(World& world, const Position& position) {
  for (const Claim& one : world.claims) {
    if (one.epoch != position.epoch || one.offset < position.offset) continue;
    const bool is_same = one.offset == position.offset;
    world.fail(is_same ? Invariant::kNoFork : Invariant::kOffsetsGrow,
               text_of(position) + " is given, but " + text_of(Position{one.offset, one.epoch}) +
                   " was before, to " + text_of(one.body));
  }
}

// Against the node's log, and where the node holds no more of it, against the store's.
void check_recovered(const Turn& turn, std::size_t client, const Tail& tail) {
  const Client& one = turn.world.clients[client];
  for (std::uint64_t offset = one.floor + 1; offset <= one.offset(); ++offset) {
    const Body seen = one.seen[offset - one.floor - 1];
    Body joined = tail.at(offset);
    if (joined == 0 && turn.store().epoch == tail.top.epoch) {
      joined = stored_at(turn.store(), offset);
    }
    if (joined == 0 || joined == seen) continue;
    turn.world.fail(Invariant::kRecoveredRight,
                    who(client) + " is told recovered: true in " + tail.top.epoch +
                        ", but has seen " + text_of(seen) + " at " + std::to_string(offset) +
                        ", where there is " + text_of(joined));
  }
}

// As long as the store is not settled, or the epoch is due to change, nobody reads it.
void check_store(const Turn& turn) {
  const StoreView& store = turn.store();
  const auto trusted = store.life.find("t");
  if (store.epoch.empty() || !turn.protocol.is_settled(store)) return;
  if (trusted != store.life.end() && store.found_true < std::stoull(trusted->second)) return;
  for (const Claim& one : turn.world.claims) {
    if (one.epoch != store.epoch) continue;
    const Body stored = stored_at(store, one.offset);
    if (stored == 0 || stored == one.body) continue;
    turn.world.fail(Invariant::kNoFork, "at " + text_of(Position{one.offset, one.epoch}) +
                                            " one was told of " + text_of(one.body) +
                                            ", the store has " + text_of(stored));
  }
}

// ---- What is owed to the store

void owe_what_is_held(World& world) {
  for (std::size_t i = 0; i < world.promises.size(); ++i) {
    Promise& promise = world.promises[i];
    promise.owed = 0;
    if (!promise.is_acked) continue;
    for (std::size_t node = 0; node < kNodes; ++node) {
      const Node& one = world.nodes[node];
      const auto body = static_cast<Body>(i + 1);
      const bool holds = std::ranges::find(one.tail.bodies, body) != one.tail.bodies.end();
      if (one.is_alive && holds) promise.owed |= static_cast<std::uint8_t>(1U << node);
    }
  }
}

void excuse_for_killed(World& world, std::size_t node) {
  for (Promise& promise : world.promises) {
    if ((promise.owed >> node & 1U) != 0) promise.owed = 0;
  }
}

void excuse_for_late(World& world) {
  for (std::size_t node = 0; node < kNodes; ++node) {
    const Node& one = world.nodes[node];
    const bool has_come = one.phase == Phase::kSettling || one.phase == Phase::kOpen;
    if (!has_come || one.has_unfit) excuse_for_killed(world, node);
  }
}

// ---- At rest

namespace {

void check_node(const Turn& turn, const Node& node) {
  const StoreView& store = turn.store();
  for (std::uint64_t offset = node.tail.first(); offset <= node.tail.top.offset; ++offset) {
    const Body stored = stored_at(store, offset);
    if (stored == node.tail.at(offset) || is_trimmed(store, offset)) continue;
    turn.world.fail(stored == 0 ? Invariant::kPutBackOrTold : Invariant::kNoFork,
                    "at rest, node " + node.name + " has " + text_of(node.tail.at(offset)) +
                        " at " + text_of(Position{offset, node.tail.top.epoch}) +
                        ", the store has " + (stored == 0 ? "nothing" : text_of(stored)));
  }
}

// It is at a node, and was told of nothing that it could have missed since its floor.
void check_client(const Turn& turn, std::size_t client) {
  const StoreView& store = turn.store();
  const Client& one = turn.world.clients[client];
  for (std::uint64_t offset = one.floor + 1; offset <= one.offset(); ++offset) {
    const Body seen = one.seen[offset - one.floor - 1];
    const Body stored = stored_at(store, offset);
    if (seen == stored || is_trimmed(store, offset)) continue;
    turn.world.fail(Invariant::kPutBackOrTold,
                    "at rest, " + who(client) + " has " + text_of(seen) + " at " +
                        text_of(Position{offset, one.epoch}) + ", where the store has " +
                        (stored == 0 ? "nothing" : text_of(stored)) + ", and was not told");
  }
  if (one.epoch == store.epoch && one.offset() == store.top) return;
  turn.world.fail(Invariant::kSettles, "at rest, " + who(client) + " is at " +
                                           text_of(Position{one.offset(), one.epoch}) +
                                           ", the store at " +
                                           text_of(Position{store.top, store.epoch}));
}

}  // namespace

void check_rest(const Turn& turn) {
  for (std::size_t i = 0; i < turn.world.promises.size(); ++i) {
    const Promise& promise = turn.world.promises[i];
    const auto body = static_cast<Body>(i + 1);
    if (promise.owed == 0 || is_in(turn.store(), body)) continue;
    turn.world.fail(Invariant::kPutBack,
                    "at rest, the store does not have " + text_of(body) +
                        ", which was acked, though all nodes that held it came back in time");
  }
  for (const Node& node : turn.world.nodes) {
    if (node.is_alive) check_node(turn, node);
  }
  for (std::size_t i = 0; i < kClients; ++i) {
    if (turn.world.clients[i].node != kNowhere) check_client(turn, i);
  }
}

}  // namespace chirm::model
