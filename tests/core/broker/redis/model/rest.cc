// SPDX-License-Identifier: MIT
#include "tests/core/broker/redis/model/rest.h"

#include <optional>

#include "tests/core/broker/redis/model/log_mirror.h"
#include "tests/core/broker/redis/model/promises.h"
#include "tests/core/broker/redis/model/turn.h"

namespace chirm::model {

namespace {

using Kind = Event::Kind;

// Far more than it takes.
constexpr int kStepsMax = 300;
// As kTriesMax in redis_life.cc, but sooner.
constexpr int kRetriesMax = 4;

// What a node does next of itself; nothing: it waits.
std::optional<Kind> next_of(const Node& node, const StoreView& store) {
  switch (node.phase) {
    case Phase::kAway:
      return Kind::kArrive;
    case Phase::kArrived:
      return Kind::kCompare;
    case Phase::kPuttingBack:
      return Kind::kPutBack;
    case Phase::kSettling:
      return node.can_retry ? Kind::kRetry : Kind::kAsk;
    case Phase::kOpen:
      break;
  }
  if (node.is_lease_due) return Kind::kRenewLease;
  if (!node.is_following) return Kind::kFollow;
  // When something is published, or the digest says so.
  const Position& top = node.tail.top;
  const bool is_behind = top.epoch != store.epoch || top.offset != store.top;
  if (node.must_compare || is_behind) return Kind::kRepair;
  return std::nullopt;
}

}  // namespace

bool Rest::reach(World& world, const Visit& visit) {
  retries_ = {};
  wait_ = Wait::kOn;
  for (int i = 0; i < kStepsMax; ++i) {
    if (visit && !visit(world)) return false;
    if (!step(world)) return world.broken == Invariant::kNone;
    if (world.broken != Invariant::kNone) return false;
  }
  world.fail(Invariant::kSettles, "there is no end of it");
  return false;
}

// The nodes take turns. When all wait, time goes on.
bool Rest::step(World& world) {
  for (;;) {
    for (std::uint8_t i = 1; i <= kNodes; ++i) {
      const auto node = static_cast<std::uint8_t>((last_ + i) % kNodes);
      if (!world.nodes[node].is_alive || !step_of_node(world, node)) continue;
      last_ = node;
      return true;
    }
    if (wait_ == Wait::kWorkOver) break;
    wait_ = wait_ == Wait::kOn ? Wait::kOver : Wait::kWorkOver;
  }
  for (const Node& node : world.nodes) {
    if (!node.is_alive || node.phase == Phase::kOpen) continue;
    world.fail(Invariant::kSettles, "node " + node.name + " waits for ever");
  }
  return false;
}

bool Rest::step_of_node(World& world, std::uint8_t index) {
  const Node& node = world.nodes[index];
  Event event{.kind = Kind::kReceive, .who = index};
  if (node.inbox.empty()) {
    const auto next = next_of(node, steps_.view(world.store));
    if (!next) return false;
    event.kind = *next;
  }
  if (event.kind == Kind::kRetry) ++retries_[index];
  if (event.kind == Kind::kAsk) {
    // Each retry takes time.
    event.wait = retries_[index] > 2 * kRetriesMax ? Wait::kWorkOver : wait_;
    event.is_in_vain = node.has_unfit && retries_[index] > kRetriesMax;
  }
  return changes(world, event);
}

bool Rest::changes(World& world, const Event& event) {
  const Fingerprint before = fingerprint(world);
  std::string told;
  events_.apply(world, event, story_ == nullptr ? nullptr : &told);
  if (fingerprint(world) == before && world.broken == Invariant::kNone) return false;
  if (story_ != nullptr) *story_ += told;
  return true;
}

void Rest::check(World& world) {
  World later = world;
  // A node that is open in a life that is over finds out so.
  for (std::uint8_t node = 0; node < kNodes; ++node) {
    if (world.nodes[node].phase != Phase::kOpen) continue;
    world.left.renewals = 1;
    (void)changes(world, {.kind = Kind::kRenewLease, .who = node});
  }
  const std::size_t told = story_ == nullptr ? 0 : story_->size();
  if (!reach_all(world) || !publish_everywhere(world)) return;
  if (story_ != nullptr) story_->resize(told);
  if (publish_everywhere(later)) return;
  world = std::move(later);
}

// All nodes, and all clients at one.
bool Rest::reach_all(World& world) {
  for (bool is_done = false; !is_done;) {
    if (!reach(world, {})) return false;
    is_done = !join_all(world);
  }
  check_rest({.steps = steps_, .protocol = protocol_, .world = world});
  return world.broken == Invariant::kNone;
}

bool Rest::join_all(World& world) {
  bool has_joined = false;
  for (std::uint8_t client = 0; client < kClients; ++client) {
    const std::uint8_t node = home_of(world, client);
    if (world.clients[client].node != kNowhere || !can_join(world, client, node)) continue;
    has_joined |= changes(world, {.kind = Kind::kJoin, .who = client, .where = node});
  }
  return has_joined;
}

bool Rest::publish_everywhere(World& world) {
  for (std::uint8_t node = 0; node < kNodes; ++node) {
    if (world.nodes[node].phase != Phase::kOpen) continue;
    world.left.publishes = 1;
    (void)changes(world, {.kind = Kind::kPublish, .who = node});
  }
  return reach_all(world);
}

}  // namespace chirm::model
