// SPDX-License-Identifier: MIT
#include "tests/core/broker/redis/model/events.h"

#include "core/base/check.h"
#include "tests/core/broker/redis/model/life_mirror.h"
#include "tests/core/broker/redis/model/log_mirror.h"
#include "tests/core/broker/redis/model/promises.h"
#include "tests/core/broker/redis/model/turn.h"

namespace chirm::model {

namespace {

using Kind = Event::Kind;

bool is_of_node(Kind kind) { return kind <= Kind::kStartFresh; }
bool is_of_store(Kind kind) { return kind >= Kind::kLoseStore && kind <= Kind::kCopyStore; }

// The process ends, and another one takes its place, which has this.
void replace_store(Turn& turn, SteppedStore::Content content, const char* how) {
  World& world = turn.world;
  --world.left.store_faults;
  ++world.run;
  world.store = content;
  for (Node& node : world.nodes) {
    if (node.is_alive) lose_links(node);
  }
  owe_what_is_held(world);
  turn.tell(how);
}

void kill(Turn& turn, std::size_t index) {
  --turn.world.left.node_faults;
  excuse_for_killed(turn.world, index);
  turn.node(index) = {};
  for (Client& client : turn.world.clients) {
    if (client.node == index) client.node = kNowhere;
  }
  turn.tell("is killed");
}

void start_fresh(Turn& turn, std::size_t index) {
  --turn.world.left.fresh_nodes;
  Node& node = turn.node(index);
  node = {};
  node.is_alive = true;
  node.name = std::string(1, static_cast<char>('a' + turn.world.names++));
  turn.tell("is started, and remembers nothing");
}

void ask(Turn& turn, const Event& event) {
  const bool was_settled = turn.protocol.is_settled(turn.store());
  if (event.wait == Wait::kOver) turn.tell("has waited for those who are missing");
  if (event.wait == Wait::kWorkOver) turn.tell("has waited for those who work");
  settle(turn, event.who, event.wait, event.is_in_vain);
  const bool is_settled = turn.protocol.is_settled(turn.store());
  const bool has_ended = turn.node(event.who).is_last || is_settled;
  const bool is_late = event.wait != Wait::kOn || event.is_in_vain;
  if (is_late && has_ended && !was_settled) excuse_for_late(turn.world);
}

void apply_of_node(Turn& turn, const Event& event) {
  Budget& left = turn.world.left;
  switch (event.kind) {
    case Kind::kArrive:
      return arrive(turn, event.who);
    case Kind::kCompare:
      return compare(turn, event.who);
    case Kind::kPutBack:
      return put_back(turn, event.who);
    case Kind::kRetry:
      return retry_tails(turn, event.who, false);
    case Kind::kAsk:
      return ask(turn, event);
    case Kind::kRenewLease:
      if (!turn.node(event.who).is_lease_due) --left.renewals;
      return renew_lease(turn, event.who);
    case Kind::kFollow:
      return follow(turn, event.who);
    case Kind::kReceive:
      return receive(turn, event.who);
    case Kind::kRepair:
      return repair(turn, event.who);
    case Kind::kPublish:
      --left.publishes;
      return publish(turn, event.who);
    case Kind::kLoseLinks:
      --left.link_faults;
      turn.tell("loses its connections");
      return lose_links(turn.node(event.who));
    case Kind::kKill:
      return kill(turn, event.who);
    case Kind::kStartFresh:
      return start_fresh(turn, event.who);
    default:
      CHIRM_CHECK(false, static_cast<int>(event.kind));
  }
}

void apply_other(Turn& turn, const Event& event) {
  World& world = turn.world;
  switch (event.kind) {
    case Kind::kLoseStore:
      return replace_store(turn, SteppedStore::kEmpty, "the store stops and comes back empty");
    case Kind::kRestartStore:
      return replace_store(turn, world.store, "the store is restarted with all that it had");
    case Kind::kRestoreStore:
      return replace_store(turn, world.copy, "the store stops, and its copy is restored");
    case Kind::kCopyStore:
      --world.left.copies;
      world.copy = world.store;
      world.has_copy = true;
      return turn.tell("the store is copied");
    case Kind::kDepart:
      --world.left.departures;
      world.clients[event.who].node = kNowhere;
      return turn.tell("loses its connection");
    case Kind::kJoin:
      turn.tell("comes to node " + world.nodes[event.where].name);
      return join(turn, event.who, event.where);
    default:
      CHIRM_CHECK(false, static_cast<int>(event.kind));
  }
}

// Whether the node has not read what there is. The digest tells it so (RedisSubscriptions).
bool is_behind(const Node& node, const StoreView& store) {
  return node.must_compare || node.tail.top.epoch != store.epoch ||
         node.tail.top.offset != store.top;
}

}  // namespace

std::uint8_t home_of(const World& world, std::uint8_t client) {
  const std::uint8_t other = client == 0 ? 1 : 0;
  return world.nodes[client].is_alive ? client : other;
}

void Events::apply(World& world, const Event& event, std::string* story) const {
  std::string told;
  Turn turn{steps_, protocol_, world, event.is_heard, story == nullptr ? nullptr : &told};
  std::string who = "client " + std::to_string(event.who + 1) + " ";
  if (is_of_store(event.kind)) who.clear();
  if (is_of_node(event.kind)) who = "node " + world.nodes[event.who].name + " ";
  if (!event.is_heard) --world.left.lost_answers;
  if (is_of_node(event.kind)) {
    apply_of_node(turn, event);
  } else {
    apply_other(turn, event);
  }
  check_store(turn);
  if (story == nullptr) return;
  if (event.kind == Kind::kStartFresh) who = "node " + world.nodes[event.who].name + " ";
  if (!event.is_heard) turn.tell("is not told, as its connections are lost");
  *story += "  " + who + told + "\n";
}

// ---- What is possible

std::vector<Event> Events::possible(const World& world) const {
  std::vector<Event> events;
  for (std::uint8_t node = 0; node < kNodes; ++node) {
    if (world.nodes[node].is_alive) {
      add_of_node(world, node, events);
    } else if (world.left.fresh_nodes > 0) {
      events.push_back({.kind = Kind::kStartFresh, .who = node});
    }
  }
  add_of_clients(world, events);
  add_faults(world, events);
  return events;
}

void Events::add_of_node(const World& world, std::uint8_t index, std::vector<Event>& events) const {
  const Node& node = world.nodes[index];
  const StoreView& store = steps_.view(world.store);
  const auto add = [&](Kind kind) { events.push_back({.kind = kind, .who = index}); };
  const auto add_unheard = [&](Kind kind) {
    add(kind);
    if (world.left.lost_answers == 0) return;
    events.push_back({.kind = kind, .who = index, .is_heard = false});
  };
  if (node.phase == Phase::kAway) add_unheard(Kind::kArrive);
  if (node.phase == Phase::kArrived) add_unheard(Kind::kCompare);
  if (node.phase == Phase::kPuttingBack) add_unheard(Kind::kPutBack);
  if (node.phase == Phase::kSettling && node.can_retry) {
    add(Kind::kRetry);
  } else if (node.phase == Phase::kSettling) {
    add_asks(world, index, events);
  }
  if (!node.inbox.empty()) add(Kind::kReceive);
  if (node.phase != Phase::kOpen) return;
  if (node.is_lease_due || world.left.renewals > 0) add_unheard(Kind::kRenewLease);
  if (world.left.publishes > 0) add_unheard(Kind::kPublish);
  if (!node.is_following) add(Kind::kFollow);
  if (node.is_following && is_behind(node, store)) add(Kind::kRepair);
}

// The times make a difference only as long as something is waited for.
void Events::add_asks(const World& world, std::uint8_t index, std::vector<Event>& events) const {
  const bool is_settled = protocol_.is_settled(steps_.view(world.store));
  for (const Wait wait : {Wait::kOn, Wait::kOver, Wait::kWorkOver}) {
    if (is_settled && wait != Wait::kOn) break;
    events.push_back({.kind = Kind::kAsk, .who = index, .wait = wait});
    if (world.left.lost_answers > 0) {
      events.push_back({.kind = Kind::kAsk, .who = index, .wait = wait, .is_heard = false});
    }
    if (is_settled || !world.nodes[index].has_unfit) continue;
    events.push_back({.kind = Kind::kAsk, .who = index, .wait = wait, .is_in_vain = true});
  }
}

void Events::add_faults(const World& world, std::vector<Event>& events) const {
  const Budget& left = world.left;
  for (std::uint8_t node = 0; node < kNodes; ++node) {
    const Node& one = world.nodes[node];
    if (!one.is_alive) continue;
    if (left.node_faults > 0) events.push_back({.kind = Kind::kKill, .who = node});
    if (left.link_faults > 0 && (one.phase != Phase::kAway || one.is_subscribed)) {
      events.push_back({.kind = Kind::kLoseLinks, .who = node});
    }
  }
  if (left.copies > 0) events.push_back({.kind = Kind::kCopyStore});
  if (left.store_faults == 0) return;
  events.push_back({.kind = Kind::kRestartStore});
  if (world.store != SteppedStore::kEmpty) events.push_back({.kind = Kind::kLoseStore});
  if (world.has_copy && world.copy != world.store) events.push_back({.kind = Kind::kRestoreStore});
}

void Events::add_of_clients(const World& world, std::vector<Event>& events) const {
  for (std::uint8_t client = 0; client < kClients; ++client) {
    if (world.clients[client].node != kNowhere) {
      if (world.left.departures > 0) events.push_back({.kind = Kind::kDepart, .who = client});
      continue;
    }
    const std::uint8_t node = home_of(world, client);
    if (can_join(world, client, node)) {
      events.push_back({.kind = Kind::kJoin, .who = client, .where = node});
    }
  }
}

}  // namespace chirm::model
